package session

import (
	"context"
	"net/http"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/wire"
)

// bearer is what a bearer token stands for between two times, as long as the keys that
// it was held against are those of their providers.
type bearer struct {
	assuming      *Assuming
	judges        []judge
	from, expires time.Time
}

// judge is a provider whose keys a token was held against, and their version.
type judge struct {
	provider *oidc.Provider
	version  uint64
}

// holds tells whether a token would be judged as it was.
func (b *bearer) holds(v *oidc.Verifier, now time.Time) bool {
	if now.Before(b.from) || !now.Before(b.expires) {
		return false
	}
	for _, j := range b.judges {
		if v.Version(j.provider) != j.version {
			return false
		}
	}
	return true
}

// Bearer is who asks with a token in an Authorization field, and for what, by the
// rules of the token's provider. What follows from the token, the snapshot and the
// provider's keys alone is remembered, for an hour at most. Whether the role may be
// assumed is not: MayAssume decides it each time.
func (s *Sessions) Bearer(ctx context.Context, v *oidc.Verifier, snap *bundle.Snapshot, token string, now time.Time) (*Assuming, *wire.Refusal) {
	if b, ok := s.bearers.find(tail(token), token, snap.Generation()); ok && b.holds(v, now) {
		return b.assuming, nil
	}
	q, b, r := bearerQuestion(ctx, v, snap, token, now)
	if r != nil {
		return nil, r
	}
	a, r := s.Prepare(q)
	if r != nil {
		return nil, r
	}
	b.assuming, b.expires = a, q.Federated.Expires
	size := int64(4096 + 24*len(b.judges))
	if a.grant != nil {
		b.expires = a.grant.Session().Expires
		size += 2 * a.grant.payload.bytes()
	}
	size += 128*int64(len(a.accesses)) + keyBytes(&q.Federated.Caller.Keys)
	s.bearers.add(tail(token), token, snap.Generation(), b, size)
	return a, nil
}

// keyBytes is about how much memory condition keys take: claims can be long lists
// of short texts.
func keyBytes(keys *authz.Context) (n int64) {
	for name, value := range keys.All() {
		text, _ := value.Single()
		list, _ := value.List()
		n += 128 + int64(len(name)+len(text))
		for _, text := range list {
			n += 24 + int64(len(text))
		}
	}
	return n
}

// tail is the end of a token, its signature: quick to hash, and no two genuine
// tokens have the same.
func tail(token string) string { return token[max(0, len(token)-signatureTail):] }

const signatureTail = 86 // of Ed25519 and of P-256

// bearerQuestion verifies a token and finds the one role that it stands for. Where
// several accounts declare the issuer, the one counts whose own role the token
// stands for. b tells what that depends on beside the snapshot.
func bearerQuestion(ctx context.Context, v *oidc.Verifier, snap *bundle.Snapshot, token string, now time.Time) (q *Question, b *bearer, r *wire.Refusal) {
	// It is taken apart once, however many accounts declare the issuer.
	parsed, err := oidc.Parse(token)
	if err != nil {
		return nil, nil, TokenRefusal(err)
	}
	issuer, err := parsed.Issuer()
	if err != nil {
		return nil, nil, TokenRefusal(err)
	}
	b = &bearer{}
	r = invalidToken("No OpenIDConnect provider found in your account for the issuer of the token", "no provider with a bearer rule has the token's issuer")
	for _, candidate := range snap.ProvidersOf(issuer) {
		if candidate.Bearer == nil {
			continue
		}
		claims, version, err := v.VerifyParsed(ctx, candidate.OIDC, parsed, now)
		if version != 0 {
			b.judges = append(b.judges, judge{candidate.OIDC, version})
		}
		if err != nil {
			r = worse(r, TokenRefusal(err))
			continue
		}
		b.from = validFrom(claims)
		found, refusal := byRule(candidate, claims)
		switch {
		case refusal != nil:
			r = worse(r, refusal)
			continue
		case q != nil:
			return nil, nil, invalidToken("The bearer token stands for roles of several accounts", "the providers of several accounts have the issuer "+issuer+", and a bearer rule that this token meets")
		}
		q = found
		q.Snapshot, q.Now = snap, now
	}
	// A provider that cannot be asked might say that the token is its own, too.
	if q == nil || r.Retryable {
		return nil, nil, r
	}
	return q, b, nil
}

// validFrom is the earliest time at which a token is good.
func validFrom(c *oidc.Claims) time.Time {
	from := c.IssuedAt
	if c.NotBefore.After(from) {
		from = c.NotBefore
	}
	return from.Add(-oidc.Leeway)
}

// worse is the refusal to answer with: one that is worth another try before others,
// and what a provider says before that there is none.
func worse(a, b *wire.Refusal) *wire.Refusal {
	if a.Retryable {
		return a
	}
	return b
}

// byRule is what a verified token asks for by the rule of its provider.
func byRule(p *bundle.Provider, c *oidc.Claims) (*Question, *wire.Refusal) {
	who, r := FromWebIdentity(p, c)
	if r != nil {
		return nil, r
	}
	role := p.Bearer.RoleARN
	if role == "" {
		role = textClaim(c, p.Bearer.RoleClaim)
	}
	if account, ok := roleAccount(role); !ok || account != p.Account {
		return nil, rejectedClaim("the claim " + p.Bearer.RoleClaim + " is not the ARN of a role of account " + p.Account)
	}
	name := c.Subject
	if claim := p.Bearer.SessionNameClaim; claim != "" && claim != "sub" {
		if name = textClaim(c, claim); name == "" {
			return nil, rejectedClaim("the claim " + claim + ", which names the session, is missing or no text")
		}
	}
	return &Question{
		Federated:  who,
		Assumption: &action.Assumption{Action: withWebIdentity, RoleARN: role, SessionName: nameOf(name)},
	}, nil
}

// textClaim is a claim that is a text; empty if it is none.
func textClaim(c *oidc.Claims, name string) string {
	value, _ := decodeJSON(c.All[name])
	text, _ := value.(string)
	return text
}

// rejectedClaim is for a genuine token that does not say what it should.
func rejectedClaim(cause string) *wire.Refusal {
	return &wire.Refusal{Status: http.StatusForbidden, Code: "IDPRejectedClaim", Message: "The claims of the web identity token do not fit the rule of its provider", Cause: cause}
}
