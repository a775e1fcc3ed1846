package standalone_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/proxy/standalone"
)

// TestSoak mixes what clients and stores do to each other, over few connections:
// requests of all framings, pipelined or not, early refusals, stores that leave
// bodies unread and answer them, and either side breaking off anywhere. Each
// request has a body of its own, so that an answer that reaches another, or an
// upload that reaches the store damaged and looks whole, is seen.
//
// SALLYPORT_SOAK=100 makes it a hundred times as long, SALLYPORT_SOAK_SEED=7 plays
// another piece.
func TestSoak(t *testing.T) {
	t.Parallel()
	rounds, seed := 60*number(t, "SALLYPORT_SOAK", 1), uint64(number(t, "SALLYPORT_SOAK_SEED", 1))
	const workers = 6
	tlsOn, roots := secured(t)
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("TLS=", secure), func(t *testing.T) {
			t.Parallel()
			door := openDoor(t, (&soakStore{t}).serve, func(o *standalone.Options) {
				o.MaxConnections = workers // so that one that is not given back is missed
				if secure {
					tlsOn(o)
				}
			})
			var group sync.WaitGroup
			for worker := range workers {
				group.Go(func() {
					s := &soaker{t: t, door: door, random: rand.New(rand.NewPCG(seed, uint64(worker))), name: fmt.Sprint("w", worker)}
					if secure {
						s.roots = roots
					}
					defer s.leave(false)
					for range rounds {
						if t.Failed() {
							return
						}
						s.step()
					}
				})
			}
			group.Wait()
		})
	}
}

// TestDrainUnderLoad: a door that ends lets requests end, and what it cuts off
// in the end looks whole to nobody.
func TestDrainUnderLoad(t *testing.T) {
	t.Parallel()
	for round := range uint64(4 * number(t, "SALLYPORT_SOAK", 1)) {
		door := openDoor(t, (&soakStore{t}).serve, nil)
		var group sync.WaitGroup
		begun := make(chan struct{}, 4)
		for worker := range cap(begun) {
			group.Go(func() {
				s := &soaker{t: t, door: door, random: rand.New(rand.NewPCG(round, uint64(worker))), name: fmt.Sprintf("d%d.%d", round, worker), draining: true}
				defer s.leave(false)
				for i := 0; !s.over; i++ {
					if s.step(); i == 3 {
						begun <- struct{}{}
					}
				}
			})
		}
		for range cap(begun) {
			<-begun
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(round%4)*20*time.Millisecond)
		if err := door.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
		group.Wait()
	}
}

func number(t *testing.T, variable string, standard int) int {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		return standard
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		t.Fatalf("%s=%s: use a number", variable, value)
	}
	return n
}

// soaker is a client with one connection at a time.
type soaker struct {
	t        *testing.T
	door     *standalone.Server
	roots    *x509.CertPool // nil: in clear text
	random   *rand.Rand
	name     string
	count    int
	draining bool // the door may end at any time
	over     bool // and has

	conn net.Conn
	in   *bufio.Reader
}

// ask is one request.
type ask struct {
	method, kind, name string
	size               int
	body               []byte // nil: none
	chunked, waits     bool
	last, old          bool // on the connection; HTTP/1.0, which is always the last
}

func (s *soaker) ask() ask {
	s.count++
	a := ask{name: fmt.Sprint(s.name, "-", s.count), size: []int{0, 1, 100, 5 << 10, 70 << 10, 300 << 10, 1 << 20}[s.random.IntN(7)]}
	switch a.method = []string{"GET", "GET", "PUT", "PUT", "HEAD"}[s.random.IntN(5)]; a.method {
	case "PUT":
		if a.kind = "put"; a.size > 0 { // without a body there is nothing to leave unread
			a.kind = []string{"put", "put", "put", "refuse", "rogue"}[s.random.IntN(5)]
		}
		a.body = content(a.name, a.size)
		a.chunked, a.waits = s.random.IntN(3) == 0, s.random.IntN(4) == 0
	case "GET":
		a.kind = []string{"get", "chunks", "unchanged", "cut"}[s.random.IntN(4)]
	case "HEAD":
		a.kind = []string{"get", "unchanged"}[s.random.IntN(2)]
	}
	return a
}

// maybeLast makes some requests the last of their connection.
func (s *soaker) maybeLast(a *ask) {
	switch s.random.IntN(8) {
	case 0:
		a.last = true
	case 1:
		a.old = !a.chunked && !a.waits // it knows neither
	}
}

// status is that of the store's answer.
func (a *ask) status() int {
	switch a.kind {
	case "unchanged":
		return http.StatusNotModified
	case "refuse", "rogue":
		return http.StatusPreconditionFailed
	}
	return http.StatusOK
}

// message is the request on the wire, and where its body begins.
func (a *ask) message() (message []byte, head int) {
	minor := 1
	if a.old {
		minor = 0
	}
	fields := fmt.Sprintf("%s /open/%s/%s/%d HTTP/1.%d\r\nHost: localhost\r\n", a.method, a.kind, a.name, a.size, minor)
	if a.last {
		fields += "Connection: close\r\n"
	}
	switch {
	case a.chunked:
		fields += "Transfer-Encoding: chunked\r\n"
	case a.body != nil:
		fields += fmt.Sprintf("Content-Length: %d\r\n", a.size)
	}
	if a.waits {
		fields += "Expect: 100-continue\r\n"
	}
	message = []byte(fields + "\r\n")
	head = len(message)
	if !a.chunked {
		return append(message, a.body...), head
	}
	for body := a.body; len(body) > 0; {
		n := min(len(body), 9000)
		message = fmt.Appendf(message, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return append(message, "0\r\n\r\n"...), head
}

// step does the next thing.
func (s *soaker) step() {
	if s.conn == nil && !s.connect() {
		return
	}
	switch n := s.random.IntN(14); {
	case n == 0: // break off while sending
		a := s.ask()
		message, _ := a.message()
		_, _ = s.conn.Write(message[:s.random.IntN(len(message))])
		s.leave(s.random.IntN(2) == 0)
	case n == 1: // break off while receiving
		a := s.ask()
		message, _ := a.message()
		_, _ = s.conn.Write(message)
		_, _ = s.in.Read(make([]byte, 1+s.random.IntN(2000)))
		s.leave(s.random.IntN(2) == 0)
	case n < 4: // all at once
		asks := make([]ask, 1+s.random.IntN(4))
		var all []byte
		for i := range asks {
			if asks[i] = s.ask(); asks[i].kind == "cut" {
				asks[i].kind = "get" // the reset would take the answers before it away
			}
			message, _ := asks[i].message()
			all = append(all, message...)
		}
		sent, conn := make(chan struct{}), s.conn
		go func() {
			defer close(sent)
			_, _ = conn.Write(all)
		}()
		for i := range asks {
			if s.receive(&asks[i]); s.conn == nil {
				break // what follows an early answer is not answered
			}
		}
		<-sent
	case n == 4: // no request
		s.count++
		_, _ = fmt.Fprintf(s.conn, "GET /open/get/%s-%d/1 HTTP/1.1\r\nHost: localhost\r\nHost: %s\r\n\r\n", s.name, s.count, strings.Repeat("x", s.random.IntN(6000)))
		resp, err := http.ReadResponse(s.in, nil)
		a := ask{method: "GET", kind: "malformed", name: fmt.Sprint(s.name, "-", s.count)}
		if err != nil {
			s.broke(&a, "no answer", err)
			return
		}
		if got, err := io.ReadAll(resp.Body); resp.StatusCode != 400 || !resp.Close || err != nil || !bytes.Contains(got, []byte("there must be one Host header")) {
			s.t.Errorf("what is no request is answered %d: %q, %v", resp.StatusCode, got, err)
		}
		s.leave(false)
	default:
		a := s.ask()
		s.maybeLast(&a)
		message, head := a.message()
		if a.waits && a.kind == "put" && len(message) > head {
			_, _ = s.conn.Write(message[:head])
			if !s.continued(&a) {
				return
			}
			message = message[head:]
		}
		sent, conn := make(chan struct{}), s.conn
		go func() {
			defer close(sent)
			_, _ = conn.Write(message)
		}()
		s.receive(&a)
		<-sent
	}
}

func (s *soaker) connect() bool {
	conn, err := net.Dial("tcp", s.door.Addr().String())
	if err != nil {
		if s.over = true; !s.draining {
			s.t.Error(err)
		}
		return false
	}
	_ = conn.SetDeadline(time.Now().Add(3 * patience))
	s.conn = conn
	if s.roots != nil {
		s.conn = tls.Client(conn, &tls.Config{RootCAs: s.roots, ServerName: "127.0.0.1"})
	}
	s.in = bufio.NewReader(s.conn)
	return true
}

// leave ends the connection, with a reset or orderly.
func (s *soaker) leave(reset bool) {
	if s.conn == nil {
		return
	}
	if plain, ok := s.conn.(*net.TCPConn); ok && reset {
		_ = plain.SetLinger(0)
	}
	_ = s.conn.Close()
	s.conn = nil
}

// continued waits for the word that the body may come.
func (s *soaker) continued(a *ask) bool {
	line, err := s.in.ReadString('\n')
	if err == nil && strings.HasPrefix(line, "HTTP/1.1 100 ") {
		_, err = s.in.ReadString('\n')
		return err == nil
	}
	s.broke(a, fmt.Sprintf("%q", line), err)
	return false
}

// broke tells of a connection that ended too early.
func (s *soaker) broke(a *ask, what string, err error) {
	s.leave(false)
	if !s.draining {
		s.t.Errorf("%s %s %s of %d bytes (chunked=%v waits=%v): %s, %v", a.method, a.kind, a.name, a.size, a.chunked, a.waits, what, err)
	}
}

// receive reads the answer and holds it against what was asked.
func (s *soaker) receive(a *ask) {
	resp, err := http.ReadResponse(s.in, &http.Request{Method: a.method})
	for err == nil && resp.StatusCode == http.StatusContinue {
		resp, err = http.ReadResponse(s.in, &http.Request{Method: a.method})
	}
	if err != nil && a.kind == "cut" { // before there was enough to begin with
		s.leave(false)
		return
	}
	if err != nil {
		s.broke(a, "no answer", err)
		return
	}
	got, err := io.ReadAll(resp.Body)
	want := a.status()
	name := resp.Header.Get("X-Amz-Meta-Name")
	switch {
	case a.kind == "cut" && (resp.StatusCode == 503 && name == "" || err != nil):
	case err != nil:
		s.broke(a, "half an answer", err)
		return
	case a.kind == "cut":
		s.t.Errorf("the cut answer %s of %d bytes looks whole", a.name, len(got))
	case resp.StatusCode != want || name != a.name && a.body != nil && name != "" || name != a.name && a.kind != "unchanged":
		if s.draining && resp.StatusCode == 503 {
			break
		}
		s.t.Errorf("%s %s %s of %d bytes (chunked=%v waits=%v) is answered %d to %q: %.200s", a.method, a.kind, a.name, a.size, a.chunked, a.waits, resp.StatusCode, name, got)
	case a.method == "GET" && want == 200 && !bytes.Equal(got, content(a.name, a.size)):
		s.t.Errorf("the answer %s of %d bytes has come as %d others", a.name, a.size, len(got))
	}
	if (a.last || a.old) && !resp.Close {
		s.t.Errorf("the last request %s is answered as if it were not", a.name)
	}
	if resp.Close || err != nil {
		s.leave(false)
	}
}
