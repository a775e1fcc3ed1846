package authz

// Decide decides one access of a caller in a request. Its cost follows from
// the statements whose action, resource and principal elements can match the
// access, not from those that cannot.
//
// If keys are unread that a candidate reads, and what they hold makes a
// difference to the Effect, the decision says what it Needs.
func Decide(c *Caller, r *Request, a *Access) Decision {
	d, _ := decide(c, r, a)
	return d
}

// decide tells beside the decision about how many nanoseconds it took.
func decide(c *Caller, r *Request, a *Access) (d Decision, work int) {
	e := environment{caller: c, request: r, access: a, notes: &notes{work: decideCost}}
	e.action.Set(a.Action)
	d = e.decide()
	e.notes.places.Release()
	return d, e.notes.work
}

func (e *environment) decide() Decision {
	if d, denied := e.explicitDeny(); denied {
		return d
	}
	if e.notes.unread != "" {
		return Decision{Needs: e.notes.unread}
	}
	d := e.allows()
	if d.Allowed() || e.notes.unread == "" {
		return d
	}
	// More Allows never allow less: what all that may apply do not allow, no
	// value of the unread keys does.
	e.optimistic = true
	if d := e.allows(); !d.Allowed() {
		return d
	}
	return Decision{Needs: e.unreadByAllows()}
}

// allows decides once nothing denies.
func (e *environment) allows() Decision {
	if layer := e.guardRails(); layer != LayerNone {
		return Decision{Layer: layer}
	}
	return e.grants()
}

// unreadByAllows is the first family that an Allow reads which may apply, in any
// layer that binds the caller.
func (e *environment) unreadByAllows() string {
	e.optimistic, e.notes.unread = false, ""
	e.request.Endpoint.tryAllows(e)
	e.access.Policy.tryAllows(e)
	if e.caller.hasAccount() {
		for _, level := range e.caller.SCP {
			level.tryAllows(e)
		}
	}
	if e.caller.hasPolicies() {
		e.caller.Identity.tryAllows(e)
		e.caller.Boundary.tryAllows(e)
	}
	if e.caller.isSession() {
		e.caller.Session.tryAllows(e)
	}
	return e.notes.unread
}

// resourceLayer is the layer of the resource's own policy.
func (a *Access) resourceLayer() Layer {
	if a.Kind == RoleTrust {
		return LayerTrust
	}
	return LayerResource
}

// explicitDeny looks for a deny in every layer that binds the caller.
func (e *environment) explicitDeny() (Decision, bool) {
	for _, level := range e.access.RCP {
		if s := level.denied(e); s != nil {
			return deny(LayerRCP, s)
		}
	}
	if e.caller.hasAccount() {
		for _, level := range e.caller.SCP {
			if s := level.denied(e); s != nil {
				return deny(LayerSCP, s)
			}
		}
	}
	if s := e.request.Endpoint.denied(e); s != nil {
		return deny(LayerEndpoint, s)
	}
	if s := e.access.Policy.denied(e); s != nil {
		return deny(e.access.resourceLayer(), s)
	}
	if e.caller.hasPolicies() {
		if s := e.caller.Identity.denied(e); s != nil {
			return deny(LayerIdentity, s)
		}
		if s := e.caller.Boundary.denied(e); s != nil {
			return deny(LayerBoundary, s)
		}
	}
	if e.caller.isSession() {
		if s := e.caller.Session.denied(e); s != nil {
			return deny(LayerSession, s)
		}
	}
	return Decision{}, false
}

func deny(layer Layer, s *Statement) (Decision, bool) {
	return Decision{Effect: ExplicitDeny, Layer: layer, Statement: s}, true
}

// guardRails is the layer that must allow, whatever else does, and does not;
// LayerNone if there is none. Resource control policies are not among them:
// what AWS attaches everywhere allows all, and a customer's can only deny.
func (e *environment) guardRails() Layer {
	if e.caller.hasAccount() {
		for _, level := range e.caller.SCP {
			if level.allowed(e) == nil {
				return LayerSCP
			}
		}
	}
	if e.request.Endpoint != nil && e.request.Endpoint.allowed(e) == nil {
		return LayerEndpoint
	}
	return LayerNone
}

// grants decides once nothing forbids the access.
func (e *environment) grants() Decision {
	statement, g := e.access.Policy.granted(e)
	byResource := Decision{Effect: Allow, Layer: e.access.resourceLayer(), Statement: statement}
	notByResource := Decision{Layer: e.access.resourceLayer()}
	switch e.caller.Type {
	case Root, User, AssumedRole, FederatedUser:
	case Service:
		if g >= grantAny {
			return byResource
		}
		return notByResource
	case WebIdentity, SAML:
		if g == grantSelf {
			return byResource
		}
		return notByResource
	default:
		if g == grantAny {
			return byResource
		}
		return notByResource
	}
	if e.caller.Account == "" || e.caller.Account != e.access.Account {
		return e.acrossAccounts(g, byResource)
	}
	strict := e.access.Kind != Ordinary
	switch {
	case strict && g == grantNone:
		return notByResource
	case e.caller.Type == Root && g == grantNone:
		return Decision{Effect: Allow}
	case e.caller.Type == Root:
		return byResource
	case g >= grantAny:
		if e.access.Kind == RoleTrust && !e.boundaryAllows() {
			return Decision{Layer: LayerBoundary}
		}
		return byResource
	case g == grantParent:
		return e.limited(byResource)
	default:
		return e.byIdentity()
	}
}

// acrossAccounts needs both sides: the caller's own policies, and a grant of
// any kind by the resource's.
func (e *environment) acrossAccounts(g grant, byResource Decision) Decision {
	d := byResource
	if e.caller.Type != Root {
		if d = e.byIdentity(); d.Effect != Allow {
			return d
		}
	}
	if g == grantNone {
		return Decision{Layer: e.access.resourceLayer()}
	}
	return d
}

// byIdentity needs the identity-based policies, and what limits them.
func (e *environment) byIdentity() Decision {
	s := e.caller.Identity.allowed(e)
	if s == nil {
		return Decision{Layer: LayerIdentity}
	}
	return e.limited(Decision{Effect: Allow, Layer: LayerIdentity, Statement: s})
}

// limited is the allow, unless the boundary or the session policies do not
// allow as well.
func (e *environment) limited(allow Decision) Decision {
	if !e.boundaryAllows() {
		return Decision{Layer: LayerBoundary}
	}
	if !e.sessionAllows() {
		return Decision{Layer: LayerSession}
	}
	return allow
}

func (e *environment) boundaryAllows() bool {
	return e.caller.Boundary == nil || e.caller.Boundary.allowed(e) != nil
}

// sessionAllows holds for a role's session without session policies, which has
// the role's rights, and not for a federated user's, which has none.
func (e *environment) sessionAllows() bool {
	if !e.caller.isSession() || e.caller.Session == nil && e.caller.Type == AssumedRole {
		return true
	}
	return e.caller.Session.allowed(e) != nil
}
