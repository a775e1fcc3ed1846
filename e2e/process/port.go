package process

import (
	"fmt"
	"net"
)

// FreeAddress returns a loopback address that nothing listens on at the
// moment, for programs that cannot say which port the kernel gave them.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free loopback port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}
