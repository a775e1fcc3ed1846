//go:build linux

package arrivals_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/arrivals"
)

// serve answers with a handler, and gives the address.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// requests are two, of which the second is distinct by its path alone.
var requests = [][]byte{
	[]byte("GET /a//b%2F HTTP/1.1\r\nHost: one\r\n\r\n"),
	[]byte("PUT /c HTTP/1.1\r\nHost: one\r\nContent-Length: 2\r\n\r\nok"),
}

// TestRun checks that as many requests go out as the rate says, as they are, in
// both ways to ask.
func TestRun(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	load := arrivals.Load{Requests: requests, Address: serve(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.Method+" "+r.RequestURI]++
	})}
	got, err := load.Run(t.Context(), 1000, 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if got.Requests < 150 || got.Requests > 450 || got.P50 > got.P99 || got.P99 > got.P999 || got.P50 <= 0 {
		t.Errorf("%+v", got)
	}
	if slowest := slices.Max(got.P99s); len(got.P99s) != arrivals.Parts || slices.Min(got.P99s) <= 0 || slowest < got.P99 {
		t.Errorf("p99 is %s, and of the parts %v", got.P99, got.P99s)
	}
	closed, err := load.Saturate(t.Context(), 4, 50*time.Millisecond)
	if err != nil || closed.Requests == 0 || closed.PerSecond <= 0 {
		t.Fatalf("%+v, %v", closed, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 2 || seen["GET /a//b%2F"] == 0 || seen["GET /a//b%2F"]+seen["PUT /c"] != got.Requests+closed.Requests {
		t.Errorf("seen %v, counted %d and %d", seen, got.Requests, closed.Requests)
	}
}

// TestOmission checks that requests which come while a server stands still are
// asked, and that their waiting counts: all of them come while it does, so half wait
// for half of that time or longer.
func TestOmission(t *testing.T) {
	t.Parallel()
	const still = 500 * time.Millisecond
	asked, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	load := arrivals.Load{Requests: requests[:1], Address: serve(t, func(http.ResponseWriter, *http.Request) {
		once.Do(func() { close(asked) })
		<-goOn
	})}
	go func() {
		<-asked
		time.Sleep(still)
		close(goOn)
	}()
	got, err := load.Run(t.Context(), 400, still)
	if err != nil {
		t.Fatal(err)
	}
	// A closed loop of one client would have one slow answer among many.
	if got.P50 < still/5 || got.P999 < still*3/5 {
		t.Errorf("half of the answers took less than %s, the longest %s", got.P50, got.P999)
	}
}

// TestFailures checks what counts as a failure.
func TestFailures(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	forbids := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if count.Add(1)%2 == 0 {
			w.Header().Set("Connection", "close")
		}
		w.WriteHeader(http.StatusForbidden)
	})
	breaks := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	allows := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, tt := range []struct {
		name string
		load arrivals.Load
		want string
	}{
		{"a refusal that must be", arrivals.Load{Address: forbids, Refused: true}, ""},
		{"a refusal that must not be", arrivals.Load{Address: forbids}, "403"},
		{"leave that must not be", arrivals.Load{Address: allows, Refused: true}, "200"},
		{"no answer", arrivals.Load{Address: breaks, Refused: true}, "EOF"},
		{"nobody", arrivals.Load{Address: "127.0.0.1:1"}, "refused"},
	} {
		tt.load.Requests = requests
		_, err := tt.load.Run(t.Context(), 500, 50*time.Millisecond)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestSaturateReopens checks that who loses the connection with each answer goes on
// over others.
func TestSaturateReopens(t *testing.T) {
	t.Parallel()
	const few = 2
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	var count atomic.Int64
	load := arrivals.Load{Requests: requests, Address: serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		if count.Add(1) == 2*few {
			enough()
		}
	})}
	got, err := load.Saturate(ctx, few, time.Minute)
	if !errors.Is(err, context.Canceled) || got.Err() != nil || got.Requests < 2*few {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestTimes checks that moments come in order, as many as the rate says.
func TestTimes(t *testing.T) {
	t.Parallel()
	list := arrivals.Times(1000, 10*time.Second, 1)
	if n := float64(len(list)); math.Abs(n-10_000) > 5*math.Sqrt(10_000) {
		t.Errorf("%v moments", n)
	}
	for i := 1; i < len(list); i++ {
		if list[i] < list[i-1] || list[i] > 10*time.Second {
			t.Fatalf("moment %d is %s after %s", i, list[i], list[i-1])
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	clock, err := arrivals.NewClock()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []time.Duration{-1, 0, time.Microsecond, 2 * time.Millisecond} {
		start := time.Now()
		if err := clock.Wait(d); err != nil || time.Since(start) < d {
			t.Errorf("waited %s of %s: %v", time.Since(start), d, err)
		}
	}
	if err := clock.Close(); err != nil {
		t.Error(err)
	}
}
