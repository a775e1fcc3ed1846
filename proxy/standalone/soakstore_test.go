package standalone_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// content is the body that belongs to a name, and to no other.
func content(name string, size int) []byte {
	var seed [32]byte
	copy(seed[:], name)
	body := make([]byte, size)
	_, _ = rand.NewChaCha8(seed).Read(body)
	return body
}

// soakStore does what the key asks for: /open/KIND/NAME/SIZE.
type soakStore struct{ t *testing.T }

func (s *soakStore) serve(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/")
	kind, name := parts[2], parts[3]
	size, _ := strconv.Atoi(parts[4])
	body := content(name, size)
	w.Header().Set("X-Amz-Meta-Name", name)
	if r.Method == "PUT" && kind == "put" {
		got, err := io.ReadAll(r.Body)
		if err == nil && !bytes.Equal(got, body) {
			s.t.Errorf("the upload %s of %d bytes has reached the store as %d, and looks whole", name, size, len(got))
		}
		return
	}
	switch kind {
	case "get":
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = w.Write(body)
	case "chunks":
		for len(body) > 0 {
			n := min(len(body), 50<<10)
			_, _ = w.Write(body[:n])
			_ = http.NewResponseController(w).Flush()
			body = body[n:]
		}
	case "cut":
		w.Header().Set("Content-Length", strconv.Itoa(size+1))
		_, _ = w.Write(body)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case "unchanged":
		w.WriteHeader(http.StatusNotModified)
	case "refuse": // early, and ends or reads on
		conn, ended := s.answerEarly(w, name)
		defer ended()
		if size%2 == 0 {
			_, _ = io.CopyN(io.Discard, conn, int64(size))
		}
	case "rogue": // early, and takes the body for the next request
		conn, ended := s.answerEarly(w, name)
		defer ended()
		time.Sleep(time.Millisecond)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Amz-Meta-Name: rogue\r\nContent-Length: 5\r\n\r\nrogue")
		time.Sleep(time.Millisecond)
	}
}

// answerEarly answers before anything of the body is read, as net/http would not.
func (s *soakStore) answerEarly(w http.ResponseWriter, name string) (conn net.Conn, ended func()) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 412 Precondition Failed\r\nX-Amz-Meta-Name: %s\r\nContent-Length: 2\r\n\r\nno", name)
	return conn, func() { _ = conn.Close() }
}
