//go:build !race && !poison

package standalone_test

import (
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/proxy"
)

// TestMemoryOfARequest bounds what a request allocates on its whole way: how often
// garbage is collected follows from it, which all others wait for. One that is limited
// comes in floods.
func TestMemoryOfARequest(t *testing.T) {
	whole := signedGet("/open/objects/000123", secretAccessKey, accessKeyID)
	t.Run("allowed", func(t *testing.T) {
		conn := openSigned(t, nil)
		// Each with a record that nobody has written yet.
		allocates(t, 2200, 9, func() { once(conn, whole, objectSize) })
	})
	t.Run("limited", func(t *testing.T) {
		conn := openSigned(t, proxy.NewLimiter(proxy.LimiterOptions{Rate: 1, Burst: 1, Now: time.Now}))
		message := signedGet("/open/objects/000123", "wrong", accessKeyID)
		size := 0
		for _, want := range []int{http.StatusForbidden, http.StatusServiceUnavailable} {
			if _, err := conn.Write(message); err != nil {
				t.Fatal(err)
			}
			resp, body := conn.answer()
			if resp.StatusCode != want {
				t.Fatalf("answered %d, want %d", resp.StatusCode, want)
			}
			size = len(body)
		}
		allocates(t, 700, 6, func() { once(conn, message, size) })
	})
}

// allocates measures what a function allocates at most once it has been called some
// times: how many bytes, in how many pieces.
func allocates(t *testing.T, mostBytes, mostTimes uint64, call func()) {
	t.Helper()
	const rounds = 2000
	for range 100 {
		call()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		call()
	}
	runtime.ReadMemStats(&after)
	bytes, times := (after.TotalAlloc-before.TotalAlloc)/rounds, (after.Mallocs-before.Mallocs)/rounds
	if bytes > mostBytes || times > mostTimes {
		t.Errorf("a request allocates %d bytes in %d pieces, want at most %d in %d", bytes, times, mostBytes, mostTimes)
	}
}
