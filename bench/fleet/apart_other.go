//go:build !linux

package fleet

// Apart changes nothing, and tells so: it needs Linux.
func (*Fleet) Apart() (s Sharing, together func() error, err error) {
	return Sharing{}, func() error { return nil }, nil
}
