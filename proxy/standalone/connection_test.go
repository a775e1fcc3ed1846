//go:build unix && !race && !poison

package standalone_test

import (
	"bytes"
	"errors"
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkConnection asks over a connection of its own for what is no request.
func BenchmarkConnection(b *testing.B) {
	ask := ownConnections(b)
	b.ReportAllocs()
	for b.Loop() {
		ask()
	}
}

// TestMemoryOfAConnection bounds what a connection allocates that ends with its first
// answer. They come in floods, too.
func TestMemoryOfAConnection(t *testing.T) { allocates(t, 5000, 50, ownConnections(t)) }

// ownConnections is what asks so once, without allocating.
func ownConnections(t testing.TB) (ask func()) {
	address := openSigned(t, nil).RemoteAddr().(*net.TCPAddr)
	to := &unix.SockaddrInet4{Port: address.Port, Addr: [4]byte(address.IP.To4())}
	message := bytes.Replace(signedGet("/open/objects/000123", secretAccessKey, accessKeyID), []byte("Host:"), []byte("Host: other\r\nHost:"), 1)
	answer := make([]byte, 4<<10)
	return func() {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err = unix.Connect(fd, to); err == nil {
			_, err = unix.Write(fd, message)
		}
		answered := 0
		for n := 1; err == nil && n > 0; answered += n {
			n, err = unix.Read(fd, answer)
		}
		if err = errors.Join(err, unix.Close(fd)); err != nil || answered == 0 {
			t.Fatalf("answered with %d bytes, %v", answered, err)
		}
	}
}
