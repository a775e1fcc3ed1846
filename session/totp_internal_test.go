package session

import (
	"fmt"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
)

// These tests compare the codes with those of the RFC.

// seed is that of the examples of RFC 6238, appendix B.
var seed = secret.New("12345678901234567890")

func TestCodeOf(t *testing.T) {
	t.Parallel()
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := codeOf(seed, at/codeStep); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_767_225_600, 0)
	step := start.Unix() / codeStep
	type try struct {
		after time.Duration
		code  string
		want  bool
	}
	of := func(offset int64) string { return codeOf(seed, step+offset) }
	for name, tries := range map[string][]try{
		"now":               {{0, of(0), true}},
		"one step late":     {{0, of(-1), true}},
		"one step early":    {{0, of(1), true}},
		"two steps late":    {{0, of(-2), false}},
		"two steps early":   {{0, of(2), false}},
		"once only":         {{0, of(0), true}, {0, of(0), false}, {10 * time.Second, of(0), false}},
		"none before it":    {{0, of(0), true}, {0, of(-1), false}},
		"those after it":    {{0, of(0), true}, {0, of(1), true}, {60 * time.Second, of(2), true}},
		"other forms":       {{0, of(0) + " ", false}, {0, of(0)[:5], false}, {0, "", false}, {0, "٠٠٠٠٠٠", false}},
		"five wrong ones":   {{0, "x", false}, {0, "x", false}, {0, "x", false}, {0, "x", false}, {0, "x", false}, {0, of(0), false}, {4 * time.Minute, of(8), false}, {5 * time.Minute, of(10), true}},
		"four wrong ones":   {{0, "x", false}, {0, "x", false}, {0, "x", false}, {0, "x", false}, {0, of(0), true}, {0, "x", false}, {0, of(1), true}},
		"clock going back":  {{0, "x", false}, {-time.Hour, codeOf(seed, step-120), true}},
		"wrong ones of old": {{0, "x", false}, {0, "x", false}, {0, "x", false}, {0, "x", false}, {6 * time.Minute, "x", false}, {6 * time.Minute, of(12), true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var k codes
			for i, try := range tries {
				if cause := k.use("device", seed, try.code, start.Add(try.after)); (cause == "") != try.want {
					t.Errorf("try %d, %q: %q", i, try.code, cause)
				}
			}
		})
	}
}

func TestCodesAreForgotten(t *testing.T) {
	t.Parallel()
	var k codes
	now := time.Unix(1_767_225_600, 0)
	for i := range maxDevices {
		k.use(fmt.Sprint("device", i), seed, codeOf(seed, now.Unix()/codeStep), now)
	}
	k.use("one more", seed, codeOf(seed, now.Unix()/codeStep), now)
	if cause := k.use("device7", seed, codeOf(seed, now.Unix()/codeStep), now); cause == "" {
		t.Error("a code is good twice")
	}
	later := now.Add(time.Hour)
	k.use("later", seed, codeOf(seed, later.Unix()/codeStep), later)
	if len(k.devices) != 1 {
		t.Errorf("%d devices are remembered", len(k.devices))
	}
}
