package process

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports that systems give to nobody who does not ask for one of them: Linux gives from
// 32768 on, for listeners that leave it the choice and for all outgoing connections.
const (
	firstPort, lastPort = 12000, 32767
	// tries bounds how many are looked at.
	tries = 100
)

// FreeAddress returns a loopback address that nothing listens on at the
// moment, for programs that cannot say which port the kernel gave them. No outgoing
// connection takes the port before the program does.
func FreeAddress() (string, error) {
	var err error
	for range tries {
		var l net.Listener
		if l, err = net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(lastPort-firstPort+1))); err == nil {
			defer l.Close()
			return l.Addr().String(), nil
		}
	}
	return "", fmt.Errorf("finding a free loopback port: %w", err)
}
