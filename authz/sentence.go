package authz

// Sentence is what AWS says about a denial, e.g.
//
//	User: arn:aws:iam::111111111111:user/alice is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::reports/q1.csv" because no identity-based policy allows the s3:GetObject action
//
// A caller from outside of the resource's account is not told what the policies
// of that account say: it gets the reason only if that lies in its own account.
// The sentence of an allow is empty.
func (d Decision) Sentence(c *Caller, a *Access) string {
	if d.Effect == Allow {
		return ""
	}
	who := c.ARN
	if who == "" {
		who = "anonymous"
	}
	disclosed := d.Disclosed(c, a)
	switch {
	case disclosed && d.Effect == ExplicitDeny:
		return "User: " + who + " is not authorized to perform: " + a.Action + ` on resource: "` + a.Resource +
			`" with an explicit deny in ` + explicitPhrases[d.Layer]
	case disclosed:
		return "User: " + who + " is not authorized to perform: " + a.Action + ` on resource: "` + a.Resource +
			`" because no ` + implicitPhrases[d.Layer] + " allows the " + a.Action + " action"
	default:
		return "User: " + who + " is not authorized to perform: " + a.Action + ` on resource: "` + a.Resource + `"`
	}
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
