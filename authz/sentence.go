package authz

// Sentence is what AWS says about a denial, e.g.
//
//	User: arn:aws:iam::111111111111:user/alice is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::reports/q1.csv" because no identity-based policy allows the s3:GetObject action
//
// A caller from outside of the resource's account is not told what the policies
// of that account say: it gets the reason only if that lies in its own account.
// The sentence of an allow is empty.
func (d Decision) Sentence(c *Caller, a *Access) string { return string(d.AppendSentence(nil, c, a)) }

// AppendSentence appends that sentence.
func (d Decision) AppendSentence(b []byte, c *Caller, a *Access) []byte {
	if d.Effect == Allow {
		return b
	}
	who := c.ARN
	if who == "" {
		who = "anonymous"
	}
	b = append(append(b, "User: "...), who...)
	b = append(append(b, " is not authorized to perform: "...), a.Action...)
	b = append(append(append(b, ` on resource: "`...), a.Resource...), '"')
	switch disclosed := d.Disclosed(c, a); {
	case disclosed && d.Effect == ExplicitDeny:
		b = append(append(b, " with an explicit deny in "...), explicitPhrases[d.Layer]...)
	case disclosed:
		b = append(append(b, " because no "...), implicitPhrases[d.Layer]...)
		b = append(append(append(b, " allows the "...), a.Action...), " action"...)
	}
	return b
}

// Disclosed tells whether the reason of a denial lies in the caller's own account,
// which may know it. Whose a VPC endpoint is, is not known here.
func (d Decision) Disclosed(c *Caller, a *Access) bool {
	switch d.Layer {
	case LayerIdentity, LayerBoundary, LayerSession, LayerSCP:
		return true
	case LayerResource, LayerTrust, LayerRCP, LayerEndpoint:
		return c.Account != "" && c.Account == a.Account
	default:
		return false
	}
}

var implicitPhrases = [...]string{
	LayerIdentity: "identity-based policy",
	LayerResource: "resource-based policy",
	LayerBoundary: "permissions boundary",
	LayerSession:  "session policy",
	LayerSCP:      "service control policy",
	LayerRCP:      "resource control policy",
	LayerEndpoint: "VPC endpoint policy",
	LayerTrust:    "role trust policy",
}

var explicitPhrases = [...]string{
	LayerIdentity: "an identity-based policy",
	LayerResource: "a resource-based policy",
	LayerBoundary: "a permissions boundary",
	LayerSession:  "a session policy",
	LayerSCP:      "a service control policy",
	LayerRCP:      "a resource control policy",
	LayerEndpoint: "a VPC endpoint policy",
	LayerTrust:    "the role trust policy",
}
