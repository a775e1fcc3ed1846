package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// keeper hands out temporary credentials, one set for each token, and gets new
// ones ahead of their end. It is safe for concurrent use.
type keeper struct {
	// get gets new ones; its context ends after timeout.
	get     func(ctx context.Context, token string) (*temporary, error)
	timeout time.Duration
	// failed is told of what went wrong; may be nil.
	failed func(error)

	mu   sync.Mutex
	kept map[tokenDigest]*kept
	// running are the calls under way.
	running map[tokenDigest]*flight
}

// The bounds of a keeper.
const (
	mostKept    = 256              // sets of credentials
	mostRunning = 16               // calls at one time
	aheadAtMost = 15 * time.Minute // before their end new ones are got: botocore renews from then on
	patience    = 2 * time.Second  // wait for new ones at most, while the old ones hold
	pause       = time.Second      // after a failed call
)

type tokenDigest [sha256.Size]byte

// kept is what is known for one token. It is guarded by the keeper's mutex.
type kept struct {
	credentials *temporary // nil if none were got yet
	renew       time.Time  // from when on new ones are got
	used        time.Time
	// err is what the last call failed with; no other is made before retry.
	err   error
	retry time.Time
}

func (k *kept) holds(now time.Time) bool {
	return k != nil && k.credentials != nil && now.Before(k.credentials.expires)
}

// flight is a call under way.
type flight struct {
	done        chan struct{}
	credentials *temporary
	err         error
}

// errBusy is that too many calls are under way.
var errBusy = errors.New("too many credentials are being got at once")

// Get brings credentials for a token: those that it keeps, until a while before
// their end; new ones from then on. If those cannot be had, and were not refused,
// the old ones are handed out to their end.
func (k *keeper) Get(ctx context.Context, token string) (*temporary, error) {
	digest, now := tokenDigest(sha256.Sum256([]byte(token))), time.Now()
	k.mu.Lock()
	held := k.kept[digest]
	holds := held.holds(now)
	if held != nil {
		held.used = now
		switch {
		case holds && (now.Before(held.renew) || now.Before(held.retry)):
			k.mu.Unlock()
			return held.credentials, nil
		case now.Before(held.retry):
			k.mu.Unlock()
			return nil, held.err
		}
	}
	f := k.running[digest]
	if f == nil && len(k.running) < mostRunning {
		f = &flight{done: make(chan struct{})}
		if k.running == nil {
			k.running, k.kept = map[tokenDigest]*flight{}, map[tokenDigest]*kept{}
		}
		k.running[digest] = f
		// Who waits for it may leave; the others, and the next, profit.
		go k.fly(context.WithoutCancel(ctx), digest, token, f)
	}
	var old *temporary
	if holds {
		old = held.credentials
	}
	k.mu.Unlock()
	if f == nil {
		if old != nil {
			return old, nil
		}
		return nil, errBusy
	}
	return f.wait(ctx, old)
}

// wait waits for a call; old are credentials that hold, nil if there are none.
func (f *flight) wait(ctx context.Context, old *temporary) (*temporary, error) {
	var enough <-chan time.Time
	if old != nil {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-f.done:
		if f.err != nil && old != nil && !isFinal(f.err) {
			return old, nil
		}
		return f.credentials, f.err
	case <-enough:
		return old, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fly makes a call and keeps what comes of it.
func (k *keeper) fly(ctx context.Context, digest tokenDigest, token string, f *flight) {
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	f.credentials, f.err = k.get(ctx, token)
	now := time.Now()
	if f.err == nil && !now.Before(f.credentials.expires) {
		f.credentials, f.err = nil, errors.New("the service answered with credentials that have expired: is a clock wrong?")
	}
	if f.err != nil && k.failed != nil {
		k.failed(f.err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	defer close(f.done)
	delete(k.running, digest)
	held := k.kept[digest]
	if held == nil {
		k.makeRoom()
		held = &kept{used: now}
		k.kept[digest] = held
	}
	if f.err != nil {
		held.err, held.retry = f.err, now.Add(pause)
		if isFinal(f.err) {
			held.credentials = nil
		}
		return
	}
	life := f.credentials.expires.Sub(now)
	*held = kept{credentials: f.credentials, used: held.used, renew: f.credentials.expires.Add(-min(life/2, aheadAtMost))}
}

// makeRoom forgets what was not asked for since longest, failures first:
// tokens that are none must not drive out those that are.
func (k *keeper) makeRoom() {
	if len(k.kept) < mostKept {
		return
	}
	var oldest tokenDigest
	var found *kept
	for digest, held := range k.kept {
		worse := found == nil || (held.credentials == nil) != (found.credentials == nil) && held.credentials == nil ||
			(held.credentials == nil) == (found.credentials == nil) && held.used.Before(found.used)
		if worse {
			oldest, found = digest, held
		}
	}
	delete(k.kept, oldest)
}

// isFinal tells a refusal, which another try does not change, from what may pass.
func isFinal(err error) bool {
	refused := refusedWith(err)
	if refused == nil {
		return false
	}
	switch refused.ErrorCode() {
	case "AccessDenied", "ExpiredTokenException", "ExpiredToken", "InvalidIdentityToken", "InvalidClientTokenId",
		"IDPRejectedClaim", "MalformedPolicyDocument", "PackedPolicyTooLarge", "RegionDisabledException",
		"SignatureDoesNotMatch", "UnrecognizedClientException", "ValidationError":
		return true
	}
	return false
}
