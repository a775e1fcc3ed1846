//go:build !unix

package upstream

import "net"

// peek cannot look at what a connection has received here, so that no
// connection is used twice.
type peek struct{}

func (peek) init(net.Conn) {}

func (peek) quiet() bool { return false }
