package index

// Action is an action in the form that an Index looks up.
type Action struct {
	length int
	buffer [64]byte
	long   []byte // in place of the buffer, if that is too short
}

// Set readies the action, without memory of its own if the name is of usual
// length.
func (a *Action) Set(action string) {
	a.length, a.long = len(action), nil
	if len(action) > len(a.buffer) {
		a.long = make([]byte, len(action))
	}
	lower := a.Lower()
	for i := range lower {
		c := action[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
}

// Lower is the action in lower case.
func (a *Action) Lower() []byte {
	if a.long != nil {
		return a.long
	}
	return a.buffer[:a.length]
}
