package authz

// String is the effect as records, metrics and the simulator name it.
func (e Effect) String() string {
	switch e {
	case Allow:
		return "allow"
	case ExplicitDeny:
		return "explicit_deny"
	default:
		return "implicit_deny"
	}
}

// String is the layer as records, metrics and the simulator name it.
func (l Layer) String() string {
	switch l {
	case LayerIdentity:
		return "identity"
	case LayerResource:
		return "resource"
	case LayerBoundary:
		return "boundary"
	case LayerSession:
		return "session"
	case LayerSCP:
		return "scp"
	case LayerRCP:
		return "rcp"
	case LayerEndpoint:
		return "vpce"
	case LayerTrust:
		return "trust"
	default:
		return "none"
	}
}
