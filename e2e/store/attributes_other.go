//go:build unix && !linux

package store

// attributesMissing: the other systems' usual file systems hold extended
// attributes.
func attributesMissing(string) error { return nil }
