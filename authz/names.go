package authz

var effectNames = [...]string{ImplicitDeny: "implicit_deny", ExplicitDeny: "explicit_deny", Allow: "allow"}

// String names the effect in lower case, for records.
func (e Effect) String() string { return effectNames[e] }

var layerNames = [...]string{
	LayerNone:     "none",
	LayerIdentity: "identity",
	LayerResource: "resource",
	LayerBoundary: "boundary",
	LayerSession:  "session",
	LayerSCP:      "scp",
	LayerRCP:      "rcp",
	LayerEndpoint: "endpoint",
	LayerTrust:    "trust",
}

// String names the layer in lower case, for records.
func (l Layer) String() string { return layerNames[l] }

var typeNames = [...]string{
	Anonymous:     "anonymous",
	Root:          "root",
	User:          "user",
	AssumedRole:   "assumed-role",
	FederatedUser: "federated-user",
	WebIdentity:   "web-identity",
	SAML:          "saml",
	Service:       "service",
}

// String names the type in lower case, for records.
func (t PrincipalType) String() string { return typeNames[t] }
