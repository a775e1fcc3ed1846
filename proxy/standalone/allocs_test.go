//go:build !race && !poison

package standalone_test

import (
	"runtime"
	"testing"
)

// TestMemoryOfARequest bounds what a request allocates on its whole way: how often
// garbage is collected follows from it, which all others wait for.
func TestMemoryOfARequest(t *testing.T) {
	conn, message := openSigned(t, nil), signedGet("/open/objects/000123", secretAccessKey, accessKeyID)
	const rounds, mostBytes, mostTimes = 2000, 2200, 9 // each with a record that nobody has written yet
	for range 100 {
		once(conn, message, objectSize)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		once(conn, message, objectSize)
	}
	runtime.ReadMemStats(&after)
	bytes, times := (after.TotalAlloc-before.TotalAlloc)/rounds, (after.Mallocs-before.Mallocs)/rounds
	if bytes > mostBytes || times > mostTimes {
		t.Errorf("a request allocates %d bytes in %d pieces, want at most %d in %d", bytes, times, mostBytes, mostTimes)
	}
}
