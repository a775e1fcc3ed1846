// Command relay is the floor of what stands between a client and a store: it
// moves bytes from one connection to another as the kernel does it best, both
// ways, and looks at none of them.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

func main() {
	listen := flag.String("listen", "", "address to listen on")
	to := flag.String("to", "", "address of what stands behind")
	flag.Parse()
	fmt.Fprintln(os.Stderr, "relay:", serve(*listen, *to))
	os.Exit(1)
}

// serve ends only with an error.
func serve(listen, to string) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}
		go relay(client.(*net.TCPConn), to)
	}
}

// relay lets both directions pass until both have ended.
func relay(client *net.TCPConn, to string) {
	defer func() { _ = client.Close() }()
	c, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	store := c.(*net.TCPConn)
	defer func() { _ = store.Close() }()
	var both sync.WaitGroup
	both.Go(func() { pass(store, client) })
	both.Go(func() { pass(client, store) })
	both.Wait()
}

// pass moves what comes: io.Copy splices, by up to 1 MiB.
func pass(to, from *net.TCPConn) {
	_, _ = io.Copy(to, from)
	_ = to.CloseWrite()
	_ = from.CloseRead()
}
