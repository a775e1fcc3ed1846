//go:build unix

package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	// patience is after how long the configuration impatient.yaml gives up without
	// progress; or after up to half as long again.
	patience = 5 * time.Second
	// pause is between steps that are slow, of which there are so many that they take
	// longer than that together.
	pause, pauses = 250 * time.Millisecond, 40
)

// TestSlowTransfers: a body that comes or goes slowly lives longer than the
// timeout; one that stalls ends, and leaves nothing behind.
func TestSlowTransfers(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	door := serve(t, "impatient.yaml", upstream(shared.store))
	bucket := bucket(t)
	p := door.at(admin)

	t.Run("slow upload", func(t *testing.T) {
		t.Parallel()
		l := dial(t, p.endpoint)
		l.say(p.signed(t, "PUT", "/"+bucket+"/slow", unsigned, fmt.Sprintf("Content-Length: %d", pauses)).String())
		for range pauses {
			time.Sleep(pause)
			l.say("x")
		}
		if response, body := l.answer(t); response.StatusCode != 200 {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
		if got, _ := stored(t, bucket, "slow"); got != strings.Repeat("x", pauses) {
			t.Errorf("the store holds %q", got)
		}
	})
	t.Run("stalled upload", func(t *testing.T) {
		t.Parallel()
		l := dial(t, p.endpoint)
		began := time.Now()
		l.say(p.signed(t, "PUT", "/"+bucket+"/stalled", unsigned, "Content-Length: 100000").String())
		l.say(strings.Repeat("x", 50_000))
		response, body, err := l.tryAnswer()
		if took := time.Since(began); took < patience/2 || took > 5*patience {
			t.Errorf("given up after %s, want about %s", took, patience)
		}
		if err == nil && (response.StatusCode != 400 || !strings.Contains(body, "<Code>RequestTimeout</Code>")) {
			t.Errorf("answered %d %s, want 400 RequestTimeout", response.StatusCode, body)
		}
		if _, ok := stored(t, bucket, "stalled"); ok {
			t.Error("half an object is in the store")
		}
	})
	t.Run("stalled header", func(t *testing.T) {
		t.Parallel()
		l := dial(t, p.endpoint)
		l.say("GET /" + bucket + "/x HTTP/1.1\r\nHost: x\r\n")
		if _, err := io.ReadAll(l); err != nil {
			t.Errorf("the door did not close the connection: %v", err)
		}
	})
	const size = 48 * mebibyte
	if status, body := stream(t, at(admin), bucket+"/large", newNoise(3, size), size); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	t.Run("slow download", func(t *testing.T) {
		t.Parallel()
		l := dial(t, p.endpoint)
		l.say(p.signed(t, "GET", "/"+bucket+"/large", emptyHash).String())
		response, err := http.ReadResponse(l.reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		for range pauses {
			time.Sleep(pause)
			m, err := io.CopyN(io.Discard, response.Body, mebibyte)
			n += m
			if err != nil {
				t.Fatalf("after %d bytes: %v", n, err)
			}
		}
		m, err := io.Copy(io.Discard, response.Body)
		if err != nil || n+m != size {
			t.Errorf("%d of %d bytes, %v", n+m, size, err)
		}
	})
	t.Run("stalled download", func(t *testing.T) {
		t.Parallel()
		l := dial(t, p.endpoint)
		l.say(p.signed(t, "GET", "/"+bucket+"/large", emptyHash).String())
		response, err := http.ReadResponse(l.reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * patience)
		n, err := io.Copy(io.Discard, response.Body)
		if err == nil {
			t.Errorf("a client that read nothing for %s got all %d bytes", 3*patience, n)
		}
	})
}

// TestExpectContinue: the client is asked for its body only once the header
// has been checked.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	ask := func(t *testing.T, p place, target string) (*line, *http.Response) {
		t.Helper()
		l := dial(t, p.endpoint)
		l.say(p.signed(t, "PUT", target, sum256("hello"), "Content-Length: 5").with("Expect: 100-continue").String())
		response, err := http.ReadResponse(l.reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		return l, response
	}
	t.Run("allowed", func(t *testing.T) {
		l, response := ask(t, at(admin), "/"+bucket+"/doc")
		if response.StatusCode != http.StatusContinue {
			t.Fatalf("answered %d before the body, want 100", response.StatusCode)
		}
		l.say("hello")
		if response, body := l.answer(t); response.StatusCode != 200 {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
		if got, _ := stored(t, bucket, "doc"); got != "hello" {
			t.Errorf("the store holds %q", got)
		}
	})
	t.Run("denied", func(t *testing.T) {
		if _, response := ask(t, at(limited), "/"+bucket+"/doc2"); response.StatusCode != http.StatusForbidden {
			t.Errorf("answered %d first, want 403", response.StatusCode)
		}
	})
	t.Run("wrong secret", func(t *testing.T) {
		p := at(admin)
		p.key.SecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
		if _, response := ask(t, p, "/"+bucket+"/doc3"); response.StatusCode != http.StatusForbidden {
			t.Errorf("answered %d first, want 403", response.StatusCode)
		}
	})
}
