package session

import (
	"github.com/sallyport-iam/sallyport/bundle"
)

// Grant is what a caller may become, decided: only MayAssume makes one.
type Grant struct {
	session   *Session
	federated *Federated
	role      *bundle.Role
}

// Session is the session by itself, without credentials: for the request that is
// made with the bearer token or the certificate.
func (g *Grant) Session() *Session { return g.session }

// Role is the role.
func (g *Grant) Role() *bundle.Role { return g.role }

// Federated is the holder of the token that asked; nil if the caller signed.
func (g *Grant) Federated() *Federated { return g.federated }
