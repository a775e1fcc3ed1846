package upstream_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// TestBodyThatDoesNotHold: the store never sees such a body end, and the
// client gets the body's refusal.
func TestBodyThatDoesNotHold(t *testing.T) {
	t.Parallel()
	const size = 200 << 10
	text := strings.Repeat("x", size)
	tests := []struct {
		name string
		call func(*testing.T) *upstream.Call
		code string
	}{
		{"wrong hash", func(t *testing.T) *upstream.Call { return put(t, "/k", strings.NewReader(text), size, hashOf("y")) }, "XAmzContentSHA256Mismatch"},
		{"wrong hash, unknown length", func(t *testing.T) *upstream.Call { return put(t, "/k", strings.NewReader(text), -1, hashOf("y")) }, "XAmzContentSHA256Mismatch"},
		{"wrong checksum in a trailer", func(t *testing.T) *upstream.Call {
			raw := fmt.Sprintf("%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", size, text)
			return putFields(t, "/k", strings.NewReader(raw), int64(len(raw)), wire.Fields{
				{Name: "x-amz-content-sha256", Value: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
				{Name: "x-amz-decoded-content-length", Value: fmt.Sprint(size)},
				{Name: "x-amz-trailer", Value: "x-amz-checksum-crc32"},
			})
		}, "BadDigest"},
		{"short body", func(t *testing.T) *upstream.Call {
			return put(t, "/k", strings.NewReader(text[1:]), size, "UNSIGNED-PAYLOAD")
		}, "IncompleteBody"},
		{"client that breaks off", func(t *testing.T) *upstream.Call {
			return put(t, "/k", io.MultiReader(strings.NewReader(text[1:]), failing{errors.New("connection reset")}), size, "UNSIGNED-PAYLOAD")
		}, "IncompleteBody"},
		{"client that stalls", func(t *testing.T) *upstream.Call {
			return put(t, "/k", io.MultiReader(strings.NewReader(text[1:]), failing{os.ErrDeadlineExceeded}), size, "UNSIGNED-PAYLOAD")
		}, "RequestTimeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			whole := make(chan error, 1)
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, err := io.Copy(io.Discard, r.Body)
				whole <- err
			}))
			defer server.Close()
			u, seen := open(t, server.URL, nil)
			resp, refusal := u.Do(context.Background(), tt.call(t))
			if refusal == nil {
				t.Fatalf("passed on: %d", resp.Status)
			}
			if refusal.Code != tt.code || refusal.Status/100 != 4 {
				t.Errorf("%v (%s), want %s", refusal, refusal.Cause, tt.code)
			}
			if err := <-whole; err == nil {
				t.Error("the store has the whole body")
			}
			if got := seen.last().Outcome; got != upstream.BodyRefused {
				t.Errorf("outcome %v", got)
			}
		})
	}
}

// TestHalfABodyEndsInAReset: a body that is not sent whole must not end as one
// that was. versitygw stores what it got of an UNSIGNED-PAYLOAD before an orderly
// end of the connection.
func TestHalfABodyEndsInAReset(t *testing.T) {
	t.Parallel()
	const size = 200 << 10
	text := strings.Repeat("x", size)
	tests := []struct {
		name string
		body func(cancel func()) io.Reader
	}{
		{"the client's body ends early", func(func()) io.Reader { return strings.NewReader(text[1:]) }},
		{"the client breaks off", func(func()) io.Reader {
			return io.MultiReader(strings.NewReader(text[1:]), failing{errors.New("connection reset")})
		}},
		{"the client goes away", func(cancel func()) io.Reader {
			return io.MultiReader(strings.NewReader(text[1:]), calling(cancel), fill{})
		}},
	}
	for _, tt := range tests {
		for _, way := range []string{"http unsigned", "https unsigned", "http signed", "https signed"} {
			scheme, how, _ := strings.Cut(way, " ")
			t.Run(tt.name+" "+way, func(t *testing.T) {
				t.Parallel()
				ended := make(chan error, 1)
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					_, err := io.Copy(io.Discard, r.Body)
					ended <- err
				}))
				pool := x509.NewCertPool()
				if scheme == "https" {
					server.StartTLS()
					pool.AddCert(server.Certificate())
				} else {
					server.Start()
				}
				defer server.Close()
				u, _ := open(t, server.URL, func(o *upstream.Options) { o.RootCAs, o.PayloadSigning = pool, signings[how] })
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if resp, refusal := u.Do(ctx, put(t, "/k", tt.body(cancel), size+1, "UNSIGNED-PAYLOAD")); refusal == nil {
					t.Fatalf("passed on: %d", resp.Status)
				}
				if err := <-ended; !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("the store saw the connection end with %v, want a reset", err)
				}
			})
		}
	}
}

// calling does something when it is read.
type calling func()

func (f calling) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestEarlyAnswer(t *testing.T) {
	t.Parallel()
	const document = "<Error><Code>QuotaExceeded</Code></Error>"
	early := func(status string) string {
		return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s", status, len(document), document)
	}
	// The store closes with most of the body unread, which resets the
	// connection while the body is being written.
	for _, status := range []string{"403 Forbidden", "507 Insufficient Storage"} {
		for _, way := range []string{"close, unsigned", "reset later, unsigned", "hang, unsigned", "close, signed", "reset later, signed", "hang, signed"} {
			ending, how, _ := strings.Cut(way, ", ")
			t.Run(status+" "+way, func(t *testing.T) {
				t.Parallel()
				store := serve(t, func(c *connection) {
					c.header()
					c.say(early(status))
					switch ending {
					case "reset later":
						_, _ = io.CopyN(io.Discard, c.reader, 1<<20)
					case "hang":
						c.hang()
					}
				})
				u, seen := open(t, store.url, signing(signings[how]))
				for range 20 {
					resp, refusal := u.Do(context.Background(), put(t, "/k", fill{}, 1<<30, "UNSIGNED-PAYLOAD"))
					if body := answered(t, resp, refusal); body != document || fmt.Sprint(resp.Status) != status[:3] {
						t.Fatalf("%d %q", resp.Status, body)
					}
					if got := seen.last().Outcome; got != upstream.Answered {
						t.Errorf("outcome %v", got)
					}
					if ending == "hang" {
						break
					}
				}
			})
		}
	}
}

// TestEarlyAnswerToAWaitingClient: the client has sent half of its body and
// waits; the answer does not wait for it.
func TestEarlyAnswerToAWaitingClient(t *testing.T) {
	t.Parallel()
	store := serve(t, func(c *connection) {
		c.header()
		c.say("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
		c.hang()
	})
	u, _ := open(t, store.url, nil)
	reader, writer := io.Pipe()
	go func() { _, _ = io.WriteString(writer, "half") }()
	call := put(t, "/k", reader, 100, "UNSIGNED-PAYLOAD")
	resp, refusal := u.Do(context.Background(), call)
	if body := answered(t, resp, refusal); body != "no" || resp.Status != 403 {
		t.Errorf("%d %q", resp.Status, body)
	}
	_ = writer.CloseWithError(io.ErrClosedPipe) // the door closes the client's connection
	_ = call.Body.Close()
}

func TestEarlySuccessIsNotPassedOn(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nEtag: \"x\"\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\n\r\n",
	} {
		store := serve(t, func(c *connection) {
			c.header()
			c.say(answer)
			c.hang()
		})
		u, seen := open(t, store.url, nil)
		reader, writer := io.Pipe()
		go func() {
			_, _ = io.WriteString(writer, "half")
			_ = writer.CloseWithError(io.ErrUnexpectedEOF)
		}()
		resp, refusal := u.Do(context.Background(), put(t, "/k", reader, 100, "UNSIGNED-PAYLOAD"))
		if refusal == nil {
			t.Fatalf("passed on: %d", resp.Status)
		}
		switch seen.last().Outcome {
		case upstream.Rejected:
			unavailable(t, resp, refusal, "before it had the whole request")
		case upstream.BodyRefused: // the client broke off before the answer came
		default:
			t.Errorf("%+v", seen.last())
		}
	}
}

// TestSuccessFindsTheBodyWhole: an answer to the last byte of a body is never
// taken for an early one, over all framings.
func TestSuccessFindsTheBodyWhole(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(server.Close)
	u, _ := open(t, server.URL, signing(sigv4.PayloadSigned))
	for i := range 300 {
		text := strings.Repeat("x", 1+i*997%(150<<10))
		size, hash := int64(len(text)), hashOf(text)
		switch i % 3 {
		case 0:
			size = -1
		case 1:
			hash = "UNSIGNED-PAYLOAD" // goes on in signed chunks
		}
		resp, refusal := u.Do(context.Background(), put(t, "/k", strings.NewReader(text), size, hash))
		answered(t, resp, refusal)
	}
}

func TestBodyInMemory(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	t.Cleanup(server.Close)
	u, _ := open(t, server.URL, nil)
	call := get("POST", "/b?delete")
	call.Request.Body, call.Request.BodySize = io.NopCloser(strings.NewReader("<Delete/>")), 9
	call.Request.Path, call.Request.RawQuery, call.Request.HasQuery = "/b", "delete", true
	call.Payload = hashOf("<Delete/>")
	resp, refusal := u.Do(context.Background(), call)
	if body := answered(t, resp, refusal); body != "<Delete/>" {
		t.Errorf("%q", body)
	}
}

// TestConstantMemory sends and receives far more than may be held.
func TestConstantMemory(t *testing.T) {
	const size = 64 << 20
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", fmt.Sprint(n))
		_, _ = io.CopyN(w, fill{}, n)
	}))
	defer server.Close()
	for name, way := range signings {
		u, _ := open(t, server.URL, signing(way))
		bounded(t, u, name, size)
	}
}

// bounded sends a large body after a small one, and counts what that takes.
func bounded(t *testing.T, u *upstream.Upstream, name string, size int64) {
	t.Helper()
	exchange := func(size int64) {
		resp, refusal := u.Do(context.Background(), put(t, "/k", io.LimitReader(fill{}, size), size, "UNSIGNED-PAYLOAD"))
		if refusal != nil {
			t.Fatal(refusal, refusal.Cause)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		if n < size || err != nil { // signed chunks are more
			t.Fatal(n, err)
		}
		_ = resp.Body.Close()
	}
	exchange(1 << 20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	exchange(size)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
		t.Errorf("%s: %d bytes allocated for a body of %d", name, grown, size)
	}
}

// TestMuseum_42_sizedPool: clients in parallel do not connect anew for each
// request.
func TestMuseum_42_sizedPool(t *testing.T) {
	t.Parallel()
	const clients, rounds = 64, 10
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	u, _ := open(t, server.URL, nil)
	for range rounds {
		var group sync.WaitGroup
		for range clients {
			group.Go(func() {
				resp, refusal := u.Do(context.Background(), get("GET", "/k"))
				if refusal != nil {
					t.Error(refusal.Cause)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			})
		}
		group.Wait()
	}
	// A dial that lost against a connection that came back is kept, too.
	if n := connections.Load(); n > 2*clients {
		t.Errorf("%d connections for %d clients", n, clients)
	}
}

func BenchmarkDo(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 1024)) }))
	defer server.Close()
	u, _ := open(b, server.URL, nil)
	call := get("GET", "/b/k")
	b.ReportAllocs()
	for b.Loop() {
		resp, refusal := u.Do(context.Background(), call)
		if refusal != nil {
			b.Fatal(refusal.Cause)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

// bug is a body whose reader panics where the first bytes end.
type bug struct{ begun bool }

func (b *bug) Read(p []byte) (int, error) {
	if b.begun {
		panic("a bug")
	}
	b.begun = true
	return len(p), nil
}

// TestPanicWithinABody: a panic refuses the one request, ends its body in a
// reset, and keeps nothing.
func TestPanicWithinABody(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	store := serve(t, func(c *connection) {
		if c.header(); c.n == 0 {
			_, err := io.Copy(io.Discard, c.reader)
			ended <- err
			return
		}
		c.say(ok)
	})
	u, _ := open(t, store.url, func(o *upstream.Options) { o.MaxConns = 1 })
	resp, refusal := u.Do(context.Background(), put(t, "/k", &bug{}, 1<<30, "UNSIGNED-PAYLOAD"))
	if refusal == nil || refusal.Status != 503 || !strings.Contains(refusal.Cause, "a bug") {
		t.Errorf("%+v, %+v", resp, refusal)
	}
	if err := <-ended; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the store saw %v, want a reset", err)
	}
	resp, refusal = u.Do(context.Background(), get("GET", "/k"))
	answered(t, resp, refusal)
}
