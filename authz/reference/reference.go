// Package reference decides as package authz does, slowly and plainly.
//
// It is a second reading of AWS's rules, to hold the compiled evaluator
// against: it looks at every statement in order, reads every value anew for
// every question, and shares with the other neither patterns nor operators nor
// the reading of numbers, dates, addresses and variables. Only the parser of
// documents and the types of a decision are common.
package reference

import (
	"slices"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// Decide decides one access of a caller in a request.
func Decide(c *authz.Caller, r *authz.Request, a *authz.Access) authz.Decision {
	q := question{caller: c, request: r, access: a}
	sure, denies, allows := q.decide()
	if sure.Effect == authz.ExplicitDeny {
		return sure
	}
	if len(denies) > 0 {
		return authz.Decision{Needs: slices.Min(denies)}
	}
	if sure.Effect == authz.Allow || len(allows) == 0 {
		return sure
	}
	// Would it be allowed if every Allow that may apply did?
	q.hopeful = true
	if hoped, _, _ := q.decide(); hoped.Effect != authz.Allow {
		return hoped
	}
	return authz.Decision{Needs: slices.Min(allows)}
}

// decide decides by the statements that apply for certain; and lists the
// families of unread keys that decide whether others do.
func (q question) decide() (d authz.Decision, denies, allows []string) {
	c, r, a := q.caller, q.request, q.access
	resource := authz.LayerResource
	if a.Kind == authz.RoleTrust {
		resource = authz.LayerTrust
	}

	// Whom a layer never binds, it is not asked about.
	var scp []*authz.Policies
	var identity, boundary, session *authz.Policies
	switch c.Type {
	case authz.Root:
		scp = c.SCP
	case authz.User:
		scp, identity, boundary = c.SCP, c.Identity, c.Boundary
	case authz.AssumedRole, authz.FederatedUser:
		scp, identity, boundary, session = c.SCP, c.Identity, c.Boundary, c.Session
	}

	// 1. An explicit deny in any layer.
	type layer struct {
		name  authz.Layer
		level *authz.Policies
	}
	var layers []layer
	for _, level := range a.RCP {
		layers = append(layers, layer{authz.LayerRCP, level})
	}
	for _, level := range scp {
		layers = append(layers, layer{authz.LayerSCP, level})
	}
	layers = append(layers,
		layer{authz.LayerEndpoint, r.Endpoint},
		layer{resource, a.Policy},
		layer{authz.LayerIdentity, identity},
		layer{authz.LayerBoundary, boundary},
		layer{authz.LayerSession, session},
	)
	for _, l := range layers {
		denies = append(denies, q.unsettled(l.level, policy.Deny)...)
		if l.name != authz.LayerRCP {
			allows = append(allows, q.unsettled(l.level, policy.Allow)...)
		}
	}
	for _, l := range layers {
		if m := q.applying(l.level, policy.Deny); len(m) > 0 {
			return authz.Decision{Effect: authz.ExplicitDeny, Layer: l.name, Statement: m[0].statement}, denies, allows
		}
	}
	return q.core(scp, identity, boundary, session, resource), denies, allows
}

// core decides once nothing denies.
func (q question) core(scp []*authz.Policies, identity, boundary, session *authz.Policies, resource authz.Layer) authz.Decision {
	c, r, a := q.caller, q.request, q.access

	// 2. Guard rails that must allow.
	for _, level := range scp {
		if len(q.applying(level, policy.Allow)) == 0 {
			return implicit(authz.LayerSCP)
		}
	}
	if r.Endpoint != nil && len(q.applying(r.Endpoint, policy.Allow)) == 0 {
		return implicit(authz.LayerEndpoint)
	}

	// 3. The core.
	g, granting := q.granted(a.Policy)
	byResource := authz.Decision{Effect: authz.Allow, Layer: resource, Statement: granting}
	switch c.Type {
	case authz.Anonymous:
		if g.any {
			return byResource
		}
		return implicit(resource)
	case authz.Service:
		if g.self || g.any {
			return byResource
		}
		return implicit(resource)
	case authz.WebIdentity, authz.SAML:
		if g.self {
			return byResource
		}
		return implicit(resource)
	}

	root := c.Type == authz.Root
	byIdentity := q.applying(identity, policy.Allow)
	id := root || len(byIdentity) > 0
	pb := boundary == nil || len(q.applying(boundary, policy.Allow)) > 0
	var sess bool
	switch c.Type {
	case authz.AssumedRole:
		sess = session == nil || len(q.applying(session, policy.Allow)) > 0
	case authz.FederatedUser:
		sess = session != nil && len(q.applying(session, policy.Allow)) > 0
	default:
		sess = true
	}
	strict := a.Kind == authz.RoleTrust || a.Kind == authz.KMSKey

	if c.Account != "" && c.Account == a.Account {
		switch {
		case root && strict && g.none():
			return implicit(resource)
		case root && g.none():
			return authz.Decision{Effect: authz.Allow}
		case root:
			return byResource
		case g.self || g.any:
			if a.Kind == authz.RoleTrust && !pb {
				return implicit(authz.LayerBoundary)
			}
			return byResource
		case g.parent:
			switch {
			case !pb:
				return implicit(authz.LayerBoundary)
			case !sess:
				return implicit(authz.LayerSession)
			}
			return byResource
		case strict && g.none():
			return implicit(resource)
		}
	}
	switch {
	case !id:
		return implicit(authz.LayerIdentity)
	case !pb:
		return implicit(authz.LayerBoundary)
	case !sess:
		return implicit(authz.LayerSession)
	case c.Account != a.Account && g.none(), c.Account == "" && g.none():
		return implicit(resource)
	case root:
		return byResource
	}
	return authz.Decision{Effect: authz.Allow, Layer: authz.LayerIdentity, Statement: byIdentity[0].statement}
}

func implicit(layer authz.Layer) authz.Decision {
	return authz.Decision{Effect: authz.ImplicitDeny, Layer: layer}
}

// granted tells in which ways the applying Allows of a resource's policy name
// the caller, and the first statement that does so in the strongest way.
func (q question) granted(p *authz.Policies) (named, *authz.Statement) {
	var all named
	var strongest *authz.Statement
	rank := 0
	for _, m := range q.applying(p, policy.Allow) {
		all.merge(m.named)
		if r := q.rank(m.named); r > rank {
			strongest, rank = m.statement, r
		}
	}
	return all, strongest
}

// rank orders the ways of being named. To be one of everybody is as good as to
// be named oneself, but for the holder of a token.
func (q question) rank(n named) int {
	token := q.caller.Type == authz.WebIdentity || q.caller.Type == authz.SAML
	switch {
	case n.self && token:
		return 4
	case n.self, n.any:
		return 3
	case n.parent:
		return 2
	case n.account:
		return 1
	}
	return 0
}
