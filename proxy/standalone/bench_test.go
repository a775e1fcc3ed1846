package standalone_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
)

// BenchmarkGet reads objects through a door from a store, all in one process.
func BenchmarkGet(b *testing.B) {
	for _, size := range []int64{1 << 10, 64 << 20} {
		b.Run(strconv.FormatInt(size>>10, 10)+" KiB", func(b *testing.B) {
			object := make([]byte, size)
			door := openDoor(b, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
				_, _ = w.Write(object)
			}, nil)
			conn, err := net.Dial("tcp", door.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			c := &client{b, conn, bufio.NewReaderSize(conn, 256<<10)}
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				c.send("GET /open/x HTTP/1.1", "Host: localhost")
				resp, err := http.ReadResponse(c.in, nil)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
