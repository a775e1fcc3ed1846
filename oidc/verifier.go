package oidc

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	options Options
	ctx     context.Context // ends with Close
	stop    context.CancelFunc
	life    sync.Mutex // held by who begins or ends what runs
	running sync.WaitGroup
	asking  chan struct{} // full when atOnce providers are asked

	change  sync.Mutex // held by who replaces known
	known   atomic.Pointer[sources]
	version atomic.Uint64 // the last that was given to a key set
	counts  counts
}

// sources are the keys of the providers. It is immutable.
type sources struct {
	byProvider map[*Provider]*source
	// byContent has those that are the same for whoever declares them.
	byContent map[content]*source
}

// New makes a Verifier. It is to be closed.
func New(o Options) *Verifier {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	v := &Verifier{options: o, asking: make(chan struct{}, atOnce)}
	v.ctx, v.stop = context.WithCancel(context.Background())
	v.known.Store(&sources{})
	return v
}

// Use tells which providers there are now: their keys are fetched ahead, and
// what is remembered of others is forgotten. Providers that say the same about
// their keys share them, and keep them from one call to the next. It does not
// wait.
func (v *Verifier) Use(providers []*Provider) {
	v.change.Lock()
	defer v.change.Unlock()
	if v.ctx.Err() != nil {
		return
	}
	old := v.known.Load()
	now := &sources{map[*Provider]*source{}, map[content]*source{}}
	for _, p := range providers {
		c := contentOf(p)
		s := now.byContent[c]
		if s == nil {
			if s = old.byContent[c]; s == nil {
				s = newSource(v, p)
			}
			now.byContent[c] = s
		}
		now.byProvider[p] = s
	}
	v.known.Store(now)
	for c, s := range old.byContent {
		if now.byContent[c] == nil {
			s.stop()
		}
	}
	for _, s := range now.byContent {
		s.keepFresh()
	}
}

// Close stops what goes on in the background, and waits for it. Tokens of
// providers whose keys are there can be verified still.
func (v *Verifier) Close() {
	v.life.Lock()
	v.stop()
	v.life.Unlock()
	v.running.Wait()
}

// run does something in the background, unless the end has come.
func (v *Verifier) run(what func()) bool {
	v.life.Lock()
	defer v.life.Unlock()
	if v.ctx.Err() != nil {
		return false
	}
	v.running.Go(what)
	return true
}

// Version changes whenever the keys of a provider do, and only then: what was
// verified under another must be verified again. It is 0, under which nothing
// was ever verified, if there are no keys or they are too old.
func (v *Verifier) Version(p *Provider) uint64 {
	if set := v.source(p).keys(); set != nil {
		return set.version
	}
	return 0
}

// Verify verifies a token of a provider. version is that of the keys that did, or
// that did not sign it; it is 0 if the token is refused whatever the keys are, or if
// there are none. It waits for the provider if its keys are unknown or the token's is
// not among them, no longer than ctx lasts, or five seconds. An error is an
// *[Error].
func (v *Verifier) Verify(ctx context.Context, p *Provider, token string, now time.Time) (c *Claims, version uint64, err error) {
	t, err := Parse(token)
	if err != nil {
		v.counts.verified(err)
		return nil, 0, err
	}
	return v.VerifyParsed(ctx, p, t, now)
}

// VerifyParsed is Verify for a token that was taken apart already. For providers
// that share their keys its signature is computed once.
func (v *Verifier) VerifyParsed(ctx context.Context, p *Provider, t *Token, now time.Time) (c *Claims, version uint64, err error) {
	c, version, err = v.verify(ctx, p, t, now)
	v.counts.verified(err)
	return c, version, err
}

func (v *Verifier) verify(ctx context.Context, p *Provider, t *Token, now time.Time) (*Claims, uint64, error) {
	if err := p.accepts(t.algorithm); err != nil {
		return nil, 0, err
	}
	claims, err := t.readClaims(p, now)
	if err != nil {
		return nil, 0, err
	}
	s := v.source(p)
	set := s.keys()
	if set == nil {
		if set, err = s.ask(ctx, 0); err != nil {
			return nil, 0, unreachable(p.Issuer, err)
		}
	}
	err = set.verify(t)
	if err != nil && (t.keyID == "" || !set.has(t.keyID)) && !s.offline() {
		// The key may be new.
		before := set.version
		if set, err = s.ask(ctx, before); err != nil {
			return nil, 0, unreachable(p.Issuer, err)
		}
		err = set.verify(t)
	}
	if err != nil {
		return nil, set.version, err
	}
	return claims, set.version, nil
}

// verify tells whether one of the keys signed a token.
func (s *keySet) verify(t *Token) error {
	if t.judged != s {
		t.judged, t.judgement = s, s.judge(t)
	}
	return t.judgement
}

// judge finds the key that signed a token.
func (s *keySet) judge(t *Token) error {
	candidates := s.candidates(t)
	switch {
	case len(candidates) > maxTries:
		return untrusted("%d keys of the provider may have signed the token, more than %d: its \"kid\" is %s", len(candidates), maxTries, name(t.keyID))
	case len(candidates) == 0 && t.keyID != "" && s.has(t.keyID):
		return untrusted("the provider's key %s is not for the token's algorithm, %s", name(t.keyID), name(t.algorithm))
	case len(candidates) == 0:
		return untrusted("the provider has no key %s for the algorithm %s", name(t.keyID), name(t.algorithm))
	}
	for _, k := range candidates {
		if t.signedBy(k) {
			return nil
		}
	}
	return untrusted("the token's signature is wrong")
}

// accepts tells whether an algorithm is one of the provider's and of ours.
func (p *Provider) accepts(algorithm string) error {
	if slices.Contains(p.accepted(), algorithm) && slices.Contains(algorithms, algorithm) {
		return nil
	}
	return untrusted("the token's algorithm, %s, is not one of the provider's: %s", name(algorithm), strings.Join(p.accepted(), ", "))
}

// source is where a provider's keys are. One that Use did not name, such as that
// of a request that began before it was called, is asked when it must be.
func (v *Verifier) source(p *Provider) *source {
	if s := v.known.Load().byProvider[p]; s != nil {
		return s
	}
	v.change.Lock()
	defer v.change.Unlock()
	old := v.known.Load()
	c := contentOf(p)
	s := old.byContent[c]
	if s == nil {
		s = newSource(v, p)
	}
	now := &sources{map[*Provider]*source{p: s}, map[content]*source{c: s}}
	for p, s := range old.byProvider {
		now.byProvider[p] = s
	}
	for c, s := range old.byContent {
		now.byContent[c] = s
	}
	v.known.Store(now)
	return s
}

// content is a digest of what the keys of a provider depend on.
type content [sha256.Size]byte

func contentOf(p *Provider) content {
	return sha256.Sum256([]byte(fmt.Sprintf("%q %q %q %q %q", p.Issuer, p.CA, p.Thumbprints, p.JWKS, p.JWKSURI)))
}
