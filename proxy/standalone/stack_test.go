//go:build unix && amd64 && !race && !poison

package standalone_test

import (
	"bufio"
	"net"
	"net/http"
	"runtime"
	"runtime/metrics"
	"testing"
)

// TestStackOfAConnection: a connection does with a stack of 8 KiB, and keeps it while
// it waits, whatever is collected: to give half of it back and to take it again with
// the next request is a good part of what a collection costs where many wait. How much
// a function takes is the compiler's choice, for each architecture.
func TestStackOfAConnection(t *testing.T) {
	const connections, least, most = 256, 6 << 10, 9 << 10 // the runtime gives stacks out 32 KiB at once
	first := openSigned(t, nil)
	var all []*client
	ask := func() {
		for _, c := range all {
			for path, status := range map[string]int{"/closed/objects/000123": http.StatusForbidden, "/open/objects/000123": http.StatusOK} {
				if _, err := c.Write(signedGet(path, secretAccessKey, accessKeyID)); err != nil {
					t.Fatal(err)
				}
				if resp, _ := c.answer(); resp.StatusCode != status {
					t.Fatalf("%s: %s", path, resp.Status)
				}
			}
		}
	}
	collect := func() {
		runtime.GC()
		runtime.GC()
	}
	stacks := func() int {
		s := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
		metrics.Read(s)
		return int(s[0].Value.Uint64())
	}
	collect()
	before := stacks()
	for range connections {
		conn, err := net.Dial("tcp", first.RemoteAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		all = append(all, &client{t, conn, bufio.NewReader(conn)})
	}
	ask()
	collect() // the first decisions took more: they were not known yet
	ask()
	if each := (stacks() - before) / connections; each > most {
		t.Errorf("requests take a stack of %d bytes, want at most %d", each, most)
	}
	collect()
	if each := (stacks() - before) / connections; each < least {
		t.Errorf("a connection that waits keeps a stack of %d bytes, want at least %d", each, least)
	}
}
