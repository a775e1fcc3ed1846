package standalone_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/standalone"
)

// TestKeptConnections: behind requests whose bodies nobody reads, each next one of
// the connection begins where its own bytes do, however the bytes arrive. All bodies
// are requests that the store would answer, and none may become one.
func TestKeptConnections(t *testing.T) {
	t.Parallel()
	rounds, seed := 40*number(t, "SALLYPORT_SOAK", 1), uint64(number(t, "SALLYPORT_SOAK_SEED", 1))
	var group sync.WaitGroup
	for worker := range 4 {
		random := rand.New(rand.NewPCG(seed, uint64(worker)))
		door := openDoor(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "within") {
				t.Errorf("the store is asked for %s", r.URL.Path)
			}
			w.Header().Set("X-Amz-Meta-Name", r.URL.Path)
			readAll(w, r)
		}, func(o *standalone.Options) {
			if worker == 0 { // limited from the second failure on
				o.Enforcer.Limiter = proxy.NewLimiter(proxy.LimiterOptions{Rate: 1, Burst: 1, Now: o.Now})
			}
		})
		group.Go(func() {
			for range rounds {
				keptConnection(t, door, random)
			}
		})
	}
	group.Wait()
}

// keptConnection sends requests over one connection, in pieces, and reads the answers
// until one is the last.
func keptConnection(t *testing.T, door *standalone.Server, random *rand.Rand) {
	const within = "GET /open/within HTTP/1.1\r\nHost: localhost\r\n\r\n"
	type expected struct {
		path   string
		status map[int]bool
	}
	const forged = "Authorization: AWS4-HMAC-SHA256 Credential=AKIANOBODY/20260301/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00\r\n"
	kinds := []struct {
		line, fields string
		status       map[int]bool
	}{
		{"PUT /open/%d", "", map[int]bool{200: true, 503: true}},
		{"PUT /closed/%d", "", map[int]bool{403: true, 503: true}},
		{"PUT /open/%%zz%d", "", map[int]bool{400: true, 503: true}},
		{"PUT /open/%d", forged, map[int]bool{400: true, 403: true, 503: true}},
		{"PUT /closed/%d", "Expect: 100-continue\r\n", map[int]bool{403: true, 503: true}},
		{"PATCH /open/%d", "", map[int]bool{405: true, 503: true}},
		{"PUT /-/healthy", "", map[int]bool{200: true}},
		{"GET /open/%d", "", map[int]bool{400: true, 200: true, 503: true}},
	}
	var all strings.Builder
	var want []expected
	for i := range 1 + random.IntN(8) {
		kind := kinds[random.IntN(len(kinds))]
		line := kind.line
		if strings.Contains(line, "%d") {
			line = fmt.Sprintf(line, i)
		}
		size := random.IntN(4) * random.IntN(len(within)*60)
		body := strings.Repeat(within, size/len(within)+1)[:size]
		fmt.Fprintf(&all, "%s HTTP/1.1\r\nHost: localhost\r\n%s", line, kind.fields)
		if random.IntN(5) == 0 {
			fmt.Fprintf(&all, "Transfer-Encoding: chunked\r\n\r\n")
			if size > 0 {
				fmt.Fprintf(&all, "%x;a=b\r\n%s\r\n", size, body)
			}
			all.WriteString("0\r\nX-Trailer: a\r\n\r\n")
		} else {
			fmt.Fprintf(&all, "Content-Length: %d\r\n\r\n%s", size, body)
		}
		_, path, _ := strings.Cut(line, " ")
		want = append(want, expected{path, kind.status})
	}
	c := dial(t, door)
	defer c.Close()
	sent := make(chan struct{})
	pieces := random.IntN(3)
	cut := random.IntN(all.Len())
	go func() {
		defer close(sent)
		text := all.String()
		if pieces > 0 {
			_, _ = c.Write([]byte(text[:cut]))
			time.Sleep(time.Duration(pieces-1) * time.Millisecond)
			text = text[cut:]
		}
		_, _ = c.Write([]byte(text))
	}()
	for _, w := range want {
		resp, err := http.ReadResponse(c.in, nil)
		for err == nil && resp.StatusCode == http.StatusContinue {
			resp, err = http.ReadResponse(c.in, nil)
		}
		if err != nil {
			t.Errorf("no answer to %s: %v", w.path, err)
			break
		}
		resp.Body.Close()
		name := resp.Header.Get("X-Amz-Meta-Name")
		if !w.status[resp.StatusCode] || name != "" && name != w.path {
			t.Errorf("%s is answered %d, %q", w.path, resp.StatusCode, name)
		}
		if resp.Close {
			break
		}
	}
	c.Close()
	<-sent
}
