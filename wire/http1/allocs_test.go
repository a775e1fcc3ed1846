//go:build !race

package http1_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire/http1"
)

// TestHeadsAreOneString: of a head that is read into what another was read into,
// the text alone is new.
func TestHeadsAreOneString(t *testing.T) {
	const runs = 200
	one := get("User-Agent: x", "X-Amz-Date: 20260301T000000Z", "Authorization: y")
	reader, req := http1.NewReader(strings.NewReader(strings.Repeat(one, runs+2))), new(http1.Request)
	if n := testing.AllocsPerRun(runs, func() {
		if err := reader.Request(req, limit); err != nil || req.Fields.Get("authorization") != "y" {
			t.Fatal(err, req)
		}
		req.Empty()
	}); n > 1 {
		t.Errorf("a request allocates %v times, want once", n)
	}
	one = lines("HTTP/1.1 200 OK", "ETag: x", "Server: y", "Content-Length: 0", "")
	reader, resp := http1.NewReader(strings.NewReader(strings.Repeat(one, runs+2))), new(http1.Response)
	if n := testing.AllocsPerRun(runs, func() {
		if err := reader.Response(resp, "GET", limit); err != nil || resp.Fields.Get("server") != "y" {
			t.Fatal(err, resp)
		}
		resp.Empty()
	}); n > 1 {
		t.Errorf("an answer allocates %v times, want once", n)
	}
}
