package upstream_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/upstream"
)

// script is a store that does with its connections what a test says.
type script struct {
	url  string
	done chan struct{} // closed when the test ends
}

// connection is a connection to a script; n counts them from 0.
type connection struct {
	net.Conn
	n      int
	reader *bufio.Reader
	done   chan struct{}
}

// serve runs handle for each connection, which is closed after it.
func serve(t *testing.T, handle func(*connection)) *script {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{url: "http://" + listener.Addr().String(), done: make(chan struct{})}
	var group sync.WaitGroup
	group.Go(func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer conn.Close()
				handle(&connection{conn, n, bufio.NewReader(conn), s.done})
			})
		}
	})
	t.Cleanup(func() {
		close(s.done)
		_ = listener.Close()
		group.Wait()
	})
	return s
}

// header reads a request's header; it is empty when the client closed.
func (c *connection) header() string {
	line, err := textproto.NewReader(c.reader).ReadLine()
	if err != nil {
		return ""
	}
	fields, _ := textproto.NewReader(c.reader).ReadMIMEHeader()
	return fmt.Sprintf("%s %v", line, fields)
}

func (c *connection) say(s string) { _, _ = io.WriteString(c, s) }

// reset closes with a reset instead of an end.
func (c *connection) reset() {
	_ = c.Conn.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// hang keeps the connection open, and reads nothing, until the test ends.
func (c *connection) hang() { <-c.done }

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// fill is a body that does not end.
type fill struct{}

func (fill) Read(p []byte) (int, error) { return len(p), nil }

func TestStaleConnectionIsRetriedOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		call    func(*testing.T) *upstream.Call
		retried bool
	}{
		{"GET", func(*testing.T) *upstream.Call { return get("GET", "/k") }, true},
		{"DELETE", func(*testing.T) *upstream.Call { return get("DELETE", "/k") }, true},
		{"PUT without a body", func(*testing.T) *upstream.Call { return get("PUT", "/k") }, true},
		{"POST that may have been done", func(*testing.T) *upstream.Call { return get("POST", "/k") }, false},
		{"PUT whose body was begun", func(t *testing.T) *upstream.Call {
			return put(t, "/k", strings.NewReader("hello"), 5, "UNSIGNED-PAYLOAD")
		}, false},
	}
	for _, tt := range tests {
		for _, reset := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, " reset=", reset), func(t *testing.T) {
				t.Parallel()
				store := serve(t, func(c *connection) {
					c.header()
					c.say(ok)
					if c.n == 0 && c.header() != "" { // the second request on it
						if reset {
							c.reset()
						}
						return
					}
					c.header()
				})
				u, seen := open(t, store.url, nil)
				resp, refusal := u.Do(context.Background(), get("GET", "/first"))
				answered(t, resp, refusal)
				resp, refusal = u.Do(context.Background(), tt.call(t))
				if !tt.retried {
					unavailable(t, resp, refusal)
					if x := seen.last(); x.Outcome != upstream.Broken || x.Retried {
						t.Errorf("%+v", x)
					}
					return
				}
				if body := answered(t, resp, refusal); body != "ok" {
					t.Errorf("%q", body)
				}
			})
		}
	}
}

func TestStaleConnectionIsNotRetriedTwice(t *testing.T) {
	t.Parallel()
	store := serve(t, func(c *connection) {
		c.header()
		if c.n == 0 {
			c.say(ok)
			c.header()
		}
	})
	u, seen := open(t, store.url, nil)
	resp, refusal := u.Do(context.Background(), get("GET", "/first"))
	answered(t, resp, refusal)
	resp, refusal = u.Do(context.Background(), get("DELETE", "/k"))
	unavailable(t, resp, refusal)
	if x := seen.last(); x.Outcome != upstream.Broken || !x.Retried {
		t.Errorf("%+v", x)
	}
}

func TestNewConnectionIsNotRetried(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	requests := 0
	store := serve(t, func(c *connection) {
		c.header()
		mu.Lock()
		requests++
		mu.Unlock()
	})
	u, _ := open(t, store.url, nil)
	resp, refusal := u.Do(context.Background(), get("DELETE", "/k"))
	unavailable(t, resp, refusal)
	mu.Lock()
	defer mu.Unlock()
	if requests != 1 {
		t.Errorf("sent %d times", requests)
	}
}

func TestAnswersThatAreNotPassedOn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer string
		outcome      upstream.Outcome
		causes       []string
	}{
		{"half a status line", "HTTP/1.1 20", upstream.Broken, nil},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-", upstream.Broken, nil},
		{"garbage", "SSH-2.0-OpenSSH_9.6\r\n", upstream.Broken, []string{"malformed"}},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", upstream.Broken, nil},
		{"endless header", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20), upstream.Broken, nil},
		{"another protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", upstream.Rejected, []string{"101"}},
		{"300", "HTTP/1.1 300 Multiple Choices\r\nContent-Length: 0\r\n\r\n", upstream.Rejected, []string{"(300)", "no location"}},
		{"301", "HTTP/1.1 301 Moved\r\nLocation: https://other/b?X-Amz-Signature=abc\r\nContent-Length: 2\r\n\r\nxx", upstream.Rejected, []string{"(301)", `"https://other/b"`}},
		{"302", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", upstream.Rejected, []string{"(302)", `"/x"`}},
		{"303", "HTTP/1.1 303 See Other\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", upstream.Rejected, []string{"(303)"}},
		{"307", "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", upstream.Rejected, []string{"(307)", "169.254.169.254"}},
		{"308", "HTTP/1.1 308 Permanent Redirect\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\n\r\n", upstream.Rejected, []string{"(308)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := serve(t, func(c *connection) {
				c.header()
				c.say(tt.answer)
			})
			u, seen := open(t, store.url, nil)
			resp, refusal := u.Do(context.Background(), get("GET", "/k"))
			unavailable(t, resp, refusal, tt.causes...)
			if got := seen.last().Outcome; got != tt.outcome {
				t.Errorf("outcome %v, want %v", got, tt.outcome)
			}
			if strings.Contains(refusal.Cause, "Signature") {
				t.Errorf("the cause shows a redirect's query: %s", refusal.Cause)
			}
		})
	}
}

func TestInterimAnswersAreIgnored(t *testing.T) {
	t.Parallel()
	store := serve(t, func(c *connection) {
		header := c.header()
		c.say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")
		_, _ = io.CopyN(io.Discard, c.reader, 5)
		c.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(header), header))
	})
	u, _ := open(t, store.url, nil)
	call := put(t, "/k", strings.NewReader("hello"), 5, "UNSIGNED-PAYLOAD")
	call.Request.Fields.Add("expect", "100-continue")
	resp, refusal := u.Do(context.Background(), call)
	if body := answered(t, resp, refusal); resp.Status != 200 || strings.Contains(body, "Expect") || resp.Fields.Get("link") != "" {
		t.Errorf("%d %q %v", resp.Status, body, resp.Fields)
	}
}

func TestAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, answer string
		reset        bool
	}{
		{"end within a length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", false},
		{"reset within a length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true},
		{"end within chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", false},
		{"garbage for a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			begun := make(chan struct{})
			store := serve(t, func(c *connection) {
				c.header()
				c.say(tt.answer)
				<-begun
				if tt.reset {
					c.reset()
				}
			})
			u, seen := open(t, store.url, nil)
			resp, refusal := u.Do(context.Background(), get("GET", "/k"))
			if refusal != nil {
				t.Fatal(refusal, refusal.Cause)
			}
			close(begun)
			body, err := io.ReadAll(resp.Body)
			if err == nil || !strings.HasPrefix("half", string(body)) {
				t.Errorf("%q, %v: a cut answer looks whole", body, err)
			}
			_ = resp.Body.Close()
			if len(seen.cuts) != 1 || !strings.Contains(seen.cuts[0].Error(), `upstream "store"`) {
				t.Errorf("cuts: %v", seen.cuts)
			}
		})
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	const short = 500 * time.Millisecond
	hang := func(c *connection) { c.hang() }
	tests := []struct {
		name    string
		scheme  string
		store   func(*connection)
		change  func(*upstream.Options)
		call    func(*testing.T) *upstream.Call
		outcome upstream.Outcome
		cause   string
	}{
		{"no answer", "http", hang, func(o *upstream.Options) { o.ResponseHeaderTimeout = short },
			func(*testing.T) *upstream.Call { return get("GET", "/k") }, upstream.TimedOut, "it did not answer for 500ms"},
		{"half an answer", "http", func(c *connection) { c.header(); c.say("HTTP/1.1 200 OK\r\n"); c.hang() }, func(o *upstream.Options) { o.ResponseHeaderTimeout = short },
			func(*testing.T) *upstream.Call { return get("GET", "/k") }, upstream.TimedOut, "it did not answer for 500ms"},
		{"no answer to a body", "http", hang, func(o *upstream.Options) { o.ResponseHeaderTimeout = short },
			func(t *testing.T) *upstream.Call {
				return put(t, "/k", strings.NewReader("hello"), 5, "UNSIGNED-PAYLOAD")
			}, upstream.TimedOut, "it did not answer for 500ms"},
		{"body not taken", "http", hang, func(o *upstream.Options) { o.ProgressTimeout = short },
			func(t *testing.T) *upstream.Call { return put(t, "/k", fill{}, 1<<30, "UNSIGNED-PAYLOAD") }, upstream.TimedOut, "it took no byte of the request for 500ms"},
		{"no handshake", "https", hang, func(o *upstream.Options) { o.ConnectTimeout = short },
			func(*testing.T) *upstream.Call { return get("GET", "/k") }, upstream.Unreachable, "handshake"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := serve(t, tt.store)
			u, seen := open(t, strings.Replace(store.url, "http", tt.scheme, 1), tt.change)
			resp, refusal := u.Do(context.Background(), tt.call(t))
			unavailable(t, resp, refusal, tt.cause)
			if got := seen.last().Outcome; got != tt.outcome {
				t.Errorf("outcome %v, want %v", got, tt.outcome)
			}
		})
	}
}

func TestStalledAnswerBreaksOff(t *testing.T) {
	t.Parallel()
	store := serve(t, func(c *connection) {
		c.header()
		c.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		c.hang()
	})
	u, seen := open(t, store.url, func(o *upstream.Options) { o.ProgressTimeout = 500 * time.Millisecond })
	resp, refusal := u.Do(context.Background(), get("GET", "/k"))
	if refusal != nil {
		t.Fatal(refusal.Cause)
	}
	body, err := io.ReadAll(resp.Body)
	if err == nil || string(body) != "half" || !strings.Contains(err.Error(), "it sent no byte of the answer for 500ms") {
		t.Errorf("%q, %v", body, err)
	}
	_ = resp.Body.Close()
	if len(seen.cuts) != 1 {
		t.Errorf("cuts: %v", seen.cuts)
	}
}

// TestSlowClientIsNoStall: what a client takes, to send or to read, is not the
// upstream's time.
func TestSlowClientIsNoStall(t *testing.T) {
	t.Parallel()
	const limit = time.Second
	store := serve(t, func(c *connection) {
		c.header()
		_, _ = io.CopyN(io.Discard, c.reader, 10)
		c.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		c.header()
	})
	u, _ := open(t, store.url, func(o *upstream.Options) { o.ProgressTimeout, o.ResponseHeaderTimeout = limit, limit })
	reader, writer := io.Pipe()
	go func() {
		_, _ = io.WriteString(writer, "hello")
		time.Sleep(2 * limit)
		_, _ = io.WriteString(writer, "world")
		_ = writer.Close()
	}()
	resp, refusal := u.Do(context.Background(), put(t, "/k", reader, 10, "UNSIGNED-PAYLOAD"))
	if refusal != nil {
		t.Fatal(refusal.Cause)
	}
	time.Sleep(2 * limit)
	if body := answered(t, resp, refusal); body != "ok" {
		t.Errorf("%q", body)
	}
}

func TestUpstreamDown(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	address := client.LocalAddr().String() // where nobody listens, nor can meanwhile
	u, seen := open(t, "http://"+address, nil)
	resp, refusal := u.Do(context.Background(), get("GET", "/k"))
	unavailable(t, resp, refusal, "connection refused")
	if strings.Contains(refusal.Message, address) {
		t.Errorf("the client is told of the inside: %s", refusal.Message)
	}
	if got := seen.last().Outcome; got != upstream.Unreachable {
		t.Errorf("outcome %v", got)
	}
}

func TestClientThatGoesAway(t *testing.T) {
	t.Parallel()
	gone := make(chan error, 2)
	asked := make(chan struct{}, 2)
	store := serve(t, func(c *connection) {
		if strings.Contains(c.header(), "/begun") {
			c.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		}
		asked <- struct{}{}
		_, err := c.reader.ReadByte()
		gone <- err
	})
	u, seen := open(t, store.url, nil)

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-asked
		cancel()
	}()
	resp, refusal := u.Do(ctx, get("GET", "/waiting"))
	unavailable(t, resp, refusal, "client did not wait")
	if err := <-gone; err == nil {
		t.Error("the upstream's connection stayed")
	}
	if got := seen.last().Outcome; got != upstream.Canceled {
		t.Errorf("outcome %v", got)
	}

	ctx, cancel = context.WithCancel(context.Background())
	resp, refusal = u.Do(ctx, get("GET", "/begun"))
	if refusal != nil {
		t.Fatal(refusal.Cause)
	}
	cancel()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("a cancelled answer looks whole")
	}
	_ = resp.Body.Close()
	if err := <-gone; err == nil {
		t.Error("the upstream's connection stayed")
	}

	resp, refusal = u.Do(context.Background(), get("GET", "/begun"))
	if refusal != nil {
		t.Fatal(refusal.Cause)
	}
	_ = resp.Body.Close() // unread
	if err := <-gone; err == nil {
		t.Error("the upstream's connection stayed")
	}
}

func TestMaxConns(t *testing.T) {
	t.Parallel()
	store := serve(t, func(c *connection) {
		for c.header() != "" {
			c.say(ok)
		}
	})
	u, seen := open(t, store.url, func(o *upstream.Options) { o.MaxConns, o.ProgressTimeout = 1, 500*time.Millisecond })
	first, refusal := u.Do(context.Background(), get("GET", "/k"))
	if refusal != nil {
		t.Fatal(refusal.Cause)
	}
	resp, refusal := u.Do(context.Background(), get("GET", "/k"))
	unavailable(t, resp, refusal, "no connection could be used for 500ms")
	if got := seen.last().Outcome; got != upstream.TimedOut {
		t.Errorf("outcome %v", got)
	}
	answered(t, first, nil)
	resp, refusal = u.Do(context.Background(), get("GET", "/k"))
	answered(t, resp, refusal)
}
