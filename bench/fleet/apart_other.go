//go:build !linux

package fleet

// Apart changes nothing, and tells so: it needs Linux.
func Apart() (apart bool, together func() error, err error) {
	return false, func() error { return nil }, nil
}
