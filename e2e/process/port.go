package process

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports that systems give to nobody who does not ask for one of them: Linux gives from
// 32768 on, for listeners that leave it the choice and for all outgoing connections.
const (
	firstPort, lastPort = 12000, 32767
	// tries bounds how many are looked at.
	tries = 100
)

// given are the ports that were returned already: who got one may not listen yet, or
// may come back to it.
var given sync.Map

// FreeAddress returns a loopback address that nothing listens on at the
// moment, for programs that cannot say which port the kernel gave them. No outgoing
// connection takes the port before the program does.
func FreeAddress() (string, error) {
	err := errors.New("all that were tried were given before")
	for range tries {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		if _, before := given.LoadOrStore(port, true); before {
			continue
		}
		var l net.Listener
		if l, err = net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			defer l.Close()
			return l.Addr().String(), nil
		}
	}
	return "", fmt.Errorf("finding a free loopback port: %w", err)
}
