package proxy_test

import (
	"context"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

// TestAuthorizeCanForward: what a door could not have forwarded is denied, and so is
// what panics; it is asked about allowed requests alone.
func TestAuthorizeCanForward(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, target string
		can          func(received, rewritten *wire.Request) *wire.Refusal
		status       int // 0 is forwarded
		asked        bool
	}{
		{"it can", "/reports/a", func(*wire.Request, *wire.Request) *wire.Refusal { return nil }, 0, true},
		{"it cannot", "/reports/a", func(*wire.Request, *wire.Request) *wire.Refusal {
			return &wire.Refusal{Status: 403, Code: "AccessDenied", Message: "Access Denied"}
		}, 403, true},
		{"it panics", "/reports/a", func(*wire.Request, *wire.Request) *wire.Refusal { panic("no") }, 503, true},
		{"it is denied", "/reports/secret/a", func(*wire.Request, *wire.Request) *wire.Refusal { return nil }, 403, false},
	}
	for _, tt := range tests {
		b := newBench(t)
		asked := false
		b.door.CanForward = func(received, rewritten *wire.Request) *wire.Refusal {
			asked = true
			if received.Host != "localhost" || rewritten.Host == "localhost" || received.Target() != tt.target {
				t.Errorf("%s: asked about %s of %s and %s", tt.name, received.Target(), received.Host, rewritten.Host)
			}
			return tt.can(received, rewritten)
		}
		a := b.enforcer.Authorize(context.Background(), b.door, request(t, "alice", "GET", "localhost", tt.target, ""), "REQUESTIDEXAMPLE")
		status := 0
		if a.Answer != nil {
			status = a.Answer.Status
		}
		if status != tt.status || asked != tt.asked || (a.Request == nil) != (status != 0) || (a.Refusal == nil) != (status == 0) {
			t.Errorf("%s: %d, asked %t: %+v", tt.name, status, asked, a)
		}
	}
}
