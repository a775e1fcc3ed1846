package bundle_test

import (
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
)

// TestPollAfter: reading takes a hundredth of the time at most, and no more than a
// twentieth where changes wait for it, or would wait for longer than a minute.
func TestPollAfter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		cost             time.Duration
		watched, trusted bool
		want             time.Duration
	}{
		{"small", 10 * time.Millisecond, true, true, 5 * time.Second},
		{"large", 200 * time.Millisecond, true, true, 20 * time.Second},
		{"larger", time.Second, true, true, time.Minute},
		{"so large that a minute is less than a twentieth", 5 * time.Second, true, true, 100 * time.Second},
		{"large, on another file system", 200 * time.Millisecond, true, false, 5 * time.Second},
		{"larger, on another file system", time.Second, true, false, 20 * time.Second},
		{"small, not watched", 10 * time.Millisecond, false, true, 500 * time.Millisecond},
		{"large, not watched", 200 * time.Millisecond, false, true, 4 * time.Second},
	} {
		if got := bundle.PollAfter(bundle.Options{Poll: 5 * time.Second}, tt.cost, tt.watched, tt.trusted); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
