package profile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bench/profile"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/bench/wrk"
)

// TestStages checks that functions are still found by the names that stages have
// for them.
func TestStages(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it builds and starts Sallyport, and takes seconds")
	}
	if _, err := wrk.Program(); err != nil {
		t.Skip(err)
	}
	requireNginx(t)
	text, err := profile.Stages(t.Context(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	none := "| " + report.Duration(0) + " |"
	for line := range strings.Lines(text) {
		rare := strings.Contains(line, "whether the store's connection") || strings.Contains(line, "memory and garbage") // a hundredth or less
		if strings.Contains(line, none) && !rare {
			t.Errorf("no sample: %s", line)
		}
	}
}
