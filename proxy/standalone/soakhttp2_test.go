package standalone_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSoakHTTP2 is TestSoak over HTTP/2, whose streams share one connection.
func TestSoakHTTP2(t *testing.T) {
	t.Parallel()
	rounds, seed := 60*number(t, "SALLYPORT_SOAK", 1), uint64(number(t, "SALLYPORT_SOAK_SEED", 1))
	two := engines(t, (&soakStore{t}).serve)[2]
	var group sync.WaitGroup
	for worker := range 6 {
		group.Go(func() {
			s := &soaker{random: rand.New(rand.NewPCG(seed, uint64(worker))), name: fmt.Sprint("h", worker)}
			for range rounds {
				a := s.ask()
				if err := two.soak(t, &a, s.random); err != nil {
					t.Errorf("%s %s %s of %d bytes: %v", a.method, a.kind, a.name, a.size, err)
					return
				}
			}
		})
	}
	group.Wait()
}

// soak asks over HTTP/2, and breaks off now and then.
func (e *engine) soak(t *testing.T, a *ask, random *rand.Rand) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stops, at := random.IntN(6) == 0, random.IntN(a.size+1)
	var body io.Reader
	if a.body != nil {
		body = &breaking{Reader: bytes.NewReader(a.body), left: len(a.body) + 1, stop: cancel}
		if stops {
			body.(*breaking).left = at
		}
	}
	req, err := http.NewRequestWithContext(ctx, a.method, fmt.Sprintf("%s://%s/open/%s/%s/%d", e.scheme, e.door.Addr(), a.kind, a.name, a.size), body)
	if err != nil {
		return err
	}
	req.Host, req.ContentLength = "localhost", int64(len(a.body))
	if a.chunked && a.size > 0 {
		req.ContentLength = -1
	}
	resp, err := e.client.Do(req)
	if err != nil {
		if stops || a.kind == "cut" {
			return nil
		}
		return err
	}
	defer resp.Body.Close()
	if stops {
		_, _ = io.CopyN(io.Discard, resp.Body, int64(at))
		return nil
	}
	got, err := io.ReadAll(resp.Body)
	name := resp.Header.Get("X-Amz-Meta-Name")
	switch {
	case a.kind == "cut":
		if err == nil && resp.StatusCode == 200 {
			return fmt.Errorf("%d bytes of a cut answer look whole", len(got))
		}
	case err != nil:
		return err
	case resp.StatusCode != a.status() || name != a.name && !(name == "" && a.kind == "unchanged"):
		return fmt.Errorf("answered %d to %q: %.200s", resp.StatusCode, name, got)
	case a.method == "GET" && resp.StatusCode == 200 && !bytes.Equal(got, content(a.name, a.size)):
		return fmt.Errorf("come as %d others", len(got))
	}
	return nil
}

// breaking is a body that breaks the request off after some of its bytes.
type breaking struct {
	*bytes.Reader
	left int
	stop func()
}

func (b *breaking) Read(p []byte) (int, error) {
	if b.left == 0 {
		b.stop()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.Reader.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// WriteTo hides that of the Reader.
func (b *breaking) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{b})
}

// TestRefusalOverHTTP2: a refusal that would end a connection of HTTP/1.1 ends
// its stream alone: the others belong to others.
func TestRefusalOverHTTP2(t *testing.T) {
	t.Parallel()
	two := engines(t, readAll)[2]
	for i := range 5 {
		var reused bool
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }})
		req, err := http.NewRequestWithContext(ctx, "GET", "https://"+two.door.Addr().String()+"/open/x", bytes.NewReader(make([]byte, 100)))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "localhost"
		resp, err := two.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != 400 || !bytes.Contains(body, []byte("UnexpectedContent")) || reused != (i > 0) {
			t.Errorf("request %d: %d %s, over the same connection: %v", i, resp.StatusCode, body, reused)
		}
	}
}

// TestCutAnswersOverHTTP2: an answer that the store breaks off ends its stream alone,
// also where the client resets it at that moment: the others on the connection are
// answered. SALLYPORT_SOAK is as for TestSoak.
func TestCutAnswersOverHTTP2(t *testing.T) {
	t.Parallel()
	rounds := 100 * number(t, "SALLYPORT_SOAK", 1)
	two := engines(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "whole") {
			_, _ = w.Write(make([]byte, 20000))
			return
		}
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(make([]byte, 3000))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})[2]
	var group sync.WaitGroup
	for worker := range 8 {
		random := rand.New(rand.NewPCG(1, uint64(worker)))
		name := "cut"
		if worker < 2 {
			name = "whole"
		}
		group.Go(func() {
			for range rounds {
				ctx, cancel := context.WithCancel(t.Context())
				if name == "cut" && random.IntN(4) > 0 {
					time.AfterFunc(time.Duration(random.IntN(4000))*time.Microsecond, cancel)
				}
				req, err := http.NewRequestWithContext(ctx, "GET", two.scheme+"://"+two.door.Addr().String()+"/open/"+name, nil)
				if err != nil {
					t.Error(err)
				}
				req.Host = "localhost"
				resp, err := two.client.Do(req)
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
				cancel()
				if whole := err == nil && resp.StatusCode == http.StatusOK; whole != (name == "whole") || errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	group.Wait()
}
