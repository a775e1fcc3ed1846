package standalone_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/proxy/standalone"
)

// short makes a client's stall end soon.
func short(o *standalone.Options) { o.ReadProgress = 50 * time.Millisecond }

// TestUnreadBodies: a client that declares a body and does not send it gets its
// answer at once, and loses its connection soon after.
func TestUnreadBodies(t *testing.T) {
	t.Parallel()
	const host = "Host: localhost"
	tests := []struct {
		name   string
		lines  []string
		status int
		text   string
	}{
		{"a refused upload", []string{"PUT /closed/x HTTP/1.1", host, "Content-Length: 1000"}, 403, "AccessDenied"},
		{"a large one", []string{"PUT /closed/x HTTP/1.1", host, "Content-Length: 100000000"}, 403, "AccessDenied"},
		{"one over the limit", []string{"PUT /open/x HTTP/1.1", host, "Content-Length: 100000000000"}, 400, "EntityTooLarge"},
		{"in chunks", []string{"PUT /closed/x HTTP/1.1", host, "Transfer-Encoding: chunked"}, 403, "AccessDenied"},
		{"HTTP/1.0", []string{"PUT /closed/x HTTP/1.0", host, "Connection: keep-alive", "Content-Length: 1000"}, 403, "AccessDenied"},
		{"a method nobody knows", []string{"PATCH /open/x HTTP/1.1", host, "Transfer-Encoding: chunked"}, 405, "MethodNotAllowed"},
		{"a body on GET", []string{"GET /open/x HTTP/1.1", host, "Content-Length: 1000"}, 400, "UnexpectedContent"},
		{"a malformed request", []string{"PUT /open/x HTTP/1.1", host, "Content-Length: 1000", "Upgrade: h2c"}, 501, "NotImplemented"},
		{"the health path", []string{"PUT /-/healthy HTTP/1.1", host, "Content-Length: 1000"}, 200, "ok\n"},
		{"refused before it continues", []string{"PUT /closed/x HTTP/1.1", host, "Content-Length: 1000", "Expect: 100-continue"}, 403, "AccessDenied"},
		{"decided from the body", []string{"POST /open?delete HTTP/1.1", host, "Content-Length: 1000"}, 400, "RequestTimeout"},
		{"stalled on its way to the store", []string{"PUT /open/x HTTP/1.1", host, "Content-Length: 1000"}, 400, "RequestTimeout"},
	}
	door := openDoor(t, readAll, short)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, door)
			c.send(tt.lines...)
			resp, body := c.answer()
			if resp.StatusCode != tt.status || !strings.Contains(body, tt.text) {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			if tt.status != 200 && resp.Header.Get("X-Sallyport-Request-Id") == "" {
				t.Error("the refusal is not the enforcement point's")
			}
			if !resp.Close {
				t.Error("the answer does not say that the connection ends")
			}
			c.ends()
		})
	}
}

// TestUnreadBodyTrickles: bytes that come one by one buy no time.
func TestUnreadBodyTrickles(t *testing.T) {
	t.Parallel()
	c := dial(t, openDoor(t, readAll, short))
	c.send("PUT /closed/x HTTP/1.1", "Host: localhost", "Content-Length: 1000000000")
	if resp, _ := c.answer(); resp.StatusCode != 403 {
		t.Errorf("status %d", resp.StatusCode)
	}
	for stop := time.Now().Add(patience); time.Now().Before(stop); time.Sleep(5 * time.Millisecond) {
		if _, err := io.WriteString(c, "x"); err != nil {
			return
		}
	}
	t.Error("the connection did not end")
}

// TestUnknownExpectation: what a client expects and nobody here fulfils is
// refused.
func TestUnknownExpectation(t *testing.T) {
	t.Parallel()
	c := dial(t, openDoor(t, readAll, nil))
	c.send("PUT /open/x HTTP/1.1", "Host: localhost", "Content-Length: 1000", "Expect: a miracle")
	if resp, _ := c.answer(); resp.StatusCode != http.StatusExpectationFailed {
		t.Errorf("status %d", resp.StatusCode)
	}
	c.ends()
}

// TestDrainAmongUnreadBodies: clients that do not send what they declared do
// not hold up the end, however long a stall may last.
func TestDrainAmongUnreadBodies(t *testing.T) {
	t.Parallel()
	door := openDoor(t, readAll, nil)
	clients := make([]*client, 200)
	for i := range clients {
		clients[i] = dial(t, door)
		clients[i].send("PUT /closed/x HTTP/1.1", "Host: localhost", "Content-Length: 1000")
	}
	for _, c := range clients {
		if resp, _ := c.answer(); resp.StatusCode != 403 {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience/2)
	defer cancel()
	if err := door.Shutdown(ctx); err != nil {
		t.Errorf("draining: %v", err)
	}
	for _, c := range clients {
		c.ends()
	}
}

// TestRefusedUploadReadsItsAnswer: a client that sends its whole body before it
// looks for an answer finds one, not a reset connection.
func TestRefusedUploadReadsItsAnswer(t *testing.T) {
	t.Parallel()
	door := openDoor(t, readAll, nil)
	const atOnce = 500 * time.Millisecond // the door takes the rest for a second
	for {
		c := dial(t, door)
		began := time.Now()
		c.send("PUT /closed/x HTTP/1.1", "Host: localhost", "Content-Length: 8388608")
		if _, err := c.Write(make([]byte, 8<<20)); err != nil {
			if time.Since(began) > atOnce {
				continue // since the machine was slow
			}
			t.Fatalf("sending: %v", err)
		}
		resp, body, err := c.tryAnswer()
		if err != nil && time.Since(began) > atOnce {
			continue
		}
		if err != nil || resp.StatusCode != 403 || !strings.Contains(body, "AccessDenied") {
			t.Fatalf("%v %s, %v", resp, body, err)
		}
		c.ends()
		return
	}
}

// TestEarlyAnswerOfTheStore: the store does not wait for the body either.
func TestEarlyAnswerOfTheStore(t *testing.T) {
	t.Parallel()
	door := openDoor(t, func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		http.Error(w, "<Error><Code>QuotaExceeded</Code></Error>", http.StatusForbidden)
		_ = http.NewResponseController(w).Flush()
	}, nil)
	c := dial(t, door)
	c.send("PUT /open/x HTTP/1.1", "Host: localhost", "Content-Length: 100000", "", "the beginning")
	resp, body := c.answer()
	if resp.StatusCode != 403 || !strings.Contains(body, "QuotaExceeded") || !resp.Close {
		t.Errorf("%d %s, closes %v", resp.StatusCode, body, resp.Close)
	}
	c.ends()
}

// TestContinue: a client that asks first is told to go on, and its connection
// serves again.
func TestContinue(t *testing.T) {
	t.Parallel()
	c := dial(t, openDoor(t, readAll, nil))
	for range 2 {
		c.send("PUT /open/x HTTP/1.1", "Host: localhost", "Content-Length: 5", "Expect: 100-continue")
		if line, err := c.in.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
			t.Fatalf("%q, %v", line, err)
		}
		if _, err := c.in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "hello"); err != nil {
			t.Fatal(err)
		}
		if resp, body := c.answer(); resp.StatusCode != 200 || resp.Close {
			t.Errorf("%d %s, closes %v", resp.StatusCode, body, resp.Close)
		}
	}
}

// TestConnectionsServeAgain: what was read whole, or has no body, leaves the
// connection in use, refused or not.
func TestConnectionsServeAgain(t *testing.T) {
	t.Parallel()
	c := dial(t, openDoor(t, readAll, nil))
	tests := []struct {
		lines  []string
		body   string
		status int
	}{
		{[]string{"GET /-/healthy HTTP/1.1", "Host: localhost"}, "", 200},
		{[]string{"GET /closed/x HTTP/1.1", "Host: localhost"}, "", 403},
		{[]string{"PUT /closed/x HTTP/1.1", "Host: localhost", "Content-Length: 0"}, "", 403},
		{[]string{"PUT /open/x HTTP/1.1", "Host: localhost", "Content-Length: 5"}, "hello", 200},
		{[]string{"POST /closed?delete HTTP/1.1", "Host: localhost", "Content-Length: 55"}, "<Delete><Object><Key>a</Key></Object></Delete>         ", 200},
		{[]string{"GET /open/x HTTP/1.1", "Host: localhost"}, "", 200},
	}
	for _, tt := range tests {
		c.send(tt.lines...)
		_, _ = io.WriteString(c, tt.body)
		if resp, body := c.answer(); resp.StatusCode != tt.status || resp.Close {
			t.Fatalf("%s: %d %s, closes %v", tt.lines[0], resp.StatusCode, body, resp.Close)
		}
	}
}

// TestPipelinedBehindAmbiguity: Content-Length beside Transfer-Encoding, and
// Transfer-Encoding in HTTP/1.0, are what two servers in a row can read apart.
// Such a request is refused, and what stands behind it is not taken for the next
// one.
func TestPipelinedBehindAmbiguity(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lines []string
	}{
		{"a length beside chunks", []string{"PUT /open/x HTTP/1.1", "Host: localhost", "Content-Length: 4", "Transfer-Encoding: chunked", "", "5", "hello", "0", ""}},
		{"chunks in HTTP/1.0", []string{"GET /open/x HTTP/1.0", "Host: localhost", "Connection: keep-alive", "Transfer-Encoding: chunked", ""}},
		{"chunks beside a length in HTTP/1.0", []string{"PUT /open/x HTTP/1.0", "Host: localhost", "Connection: keep-alive", "Content-Length: 2", "Transfer-Encoding: chunked", "", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, openDoor(t, readAll, nil))
			c.send(append(tt.lines, "GET /open/smuggled HTTP/1.1", "Host: localhost")...)
			resp, _ := c.answer()
			if resp.StatusCode != 400 || !resp.Close {
				t.Errorf("%d, and the answer says that the connection ends: %v", resp.StatusCode, resp.Close)
			}
			c.ends()
		})
	}
}
