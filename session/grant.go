package session

// Grant is what a caller may become, decided.
type Grant struct{}
