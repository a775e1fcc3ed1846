package forwardauth

// Places are the headers that a proxy copies, by their names in the answer.
func Places(d Dialect) map[string]string {
	out := map[string]string{}
	for name, answered := range dialects[d].places {
		out[answered] = name
	}
	return out
}

// Told are the headers in which a proxy describes a request.
func Told(d Dialect) []string {
	s := dialects[d]
	var out []string
	for _, name := range []string{s.method, s.target, s.host, s.scheme, s.address, s.length} {
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}
