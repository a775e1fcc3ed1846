package session

import (
	"sync"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
)

// Grant is what a caller may become, decided: only MayAssume gives one away. It is
// safe for concurrent use.
type Grant struct {
	role      *bundle.Role
	federated *Federated
	payload   *payload
	policies  *authz.Policies
	// duration is the life of credentials, at the time of the question; from and
	// until are those of the token or certificate.
	duration        time.Duration
	at, from, until time.Time

	making  sync.Once
	session *Session
}

// Session is the session by itself, without credentials: for the request that is
// made with the bearer token or the certificate. It was issued when these were,
// and ends with them, or when the operation's default duration is over.
func (g *Grant) Session() *Session {
	g.making.Do(func() {
		p := *g.payload
		from, until := g.from, g.at.Add(g.duration)
		if from.IsZero() {
			from = g.at
		}
		if !g.until.IsZero() && g.until.Before(until) {
			until = g.until
		}
		p.issued, p.expires = from.Unix(), until.Unix()
		g.session = &Session{
			Kind: p.kind, Caller: roleCaller(g.role, &p, g.policies), Issued: from, Expires: until, MFAKnown: p.kind.knowsMFA(),
			IssuerName: g.role.Name, Provider: p.provider, ParentKeyID: p.parentKeyID, parentID: p.parentID,
			SourceIdentity: p.sourceIdentity, Transitive: p.inheritable(),
		}
	})
	return g.session
}

// Role is the role.
func (g *Grant) Role() *bundle.Role { return g.role }

// Federated is the holder of the token that asked; nil if the caller signed.
func (g *Grant) Federated() *Federated { return g.federated }
