package wrk_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/wrk"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const whole = `Running 1s test @ http://127.0.0.1/
{"requests":30,"duration":2000000,"p50":12,"p99":340,"connect":0,"read":0,"write":0,"status":0,"timeout":0}
`
	got, err := wrk.Parse([]byte(whole), false)
	if want := (wrk.Result{PerSecond: 15, P50: 12 * time.Microsecond, P99: 340 * time.Microsecond, Requests: 30}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	for name, bad := range map[string]string{
		"nothing":     "",
		"no JSON":     "Segmentation fault",
		"no requests": strings.Replace(whole, `"requests":30`, `"requests":0`, 1),
		"a refusal":   strings.Replace(whole, `"status":0`, `"status":1`, 1),
		"a timeout":   strings.Replace(whole, `"timeout":0`, `"timeout":1`, 1),
	} {
		if got, err := wrk.Parse([]byte(bad), false); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestParseRefused checks that nothing else counts where all must be refused.
func TestParseRefused(t *testing.T) {
	t.Parallel()
	for status, held := range map[int]bool{0: false, 29: false, 30: true} {
		text := fmt.Sprintf(`{"requests":30,"duration":2000000,"p50":12,"p99":340,"connect":0,"read":0,"write":0,"status":%d,"timeout":0}`, status)
		if _, err := wrk.Parse([]byte(text), true); (err == nil) != held {
			t.Errorf("%d of 30 refused: %v", status, err)
		}
	}
}

// TestRun checks that requests go over the wire as they were given, all of them.
func TestRun(t *testing.T) {
	t.Parallel()
	if _, err := wrk.Program(); err != nil {
		t.Skip(err)
	}
	var mu sync.Mutex
	seen := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(bufio.NewReader(r.Body))
		if err != nil {
			return // the end of the run cuts it off
		}
		mu.Lock()
		defer mu.Unlock()
		seen[r.Method+" "+r.Host+" "+r.RequestURI] = string(body)
	}))
	t.Cleanup(server.Close)
	load, err := wrk.New(t.TempDir(), "load", [][]byte{
		[]byte("GET /a//b%2F HTTP/1.1\r\nHost: one\r\n\r\n"),
		[]byte("PUT /c?d HTTP/1.1\r\nHost: two\r\nContent-Length: 4\r\n\r\n\n12\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := load.Run(t.Context(), server.Listener.Addr().String(), 2, time.Millisecond)
	if err != nil || got.Requests == 0 || got.P99 < got.P50 {
		t.Fatalf("%+v, %v", got, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if body, ok := seen["GET one /a//b%2F"]; !ok || body != "" || seen["PUT two /c?d"] != "\n12\n" || len(seen) != 2 {
		t.Errorf("seen %q", seen)
	}
}
