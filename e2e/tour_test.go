//go:build unix

package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/e2e/tour"
)

// The README shows the tour's table between these lines.
const (
	tourBegin = "<!-- tour:begin -->\n"
	tourEnd   = "<!-- tour:end -->"
)

// TestTour takes the tour of `make demo`, and holds the README to its table.
// With -update it writes the table there.
func TestTour(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	takeTour(t, "", filepath.Join("..", "README.md"))
}

// TestTourBehindEnvoy is the same for `make demo-envoy` and docs/envoy.md.
func TestTourBehindEnvoy(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	program, err := envoyProgram()
	if err != nil {
		skip(t, "no Envoy: "+err.Error())
	}
	takeTour(t, program, filepath.Join("..", "docs", "envoy.md"))
}

// takeTour takes the tour and compares its table with the one that a file shows.
func takeTour(t *testing.T, envoy, file string) {
	ground, err := tour.Open(t.Context(), tour.Binaries{Store: shared.storeBinary, Sallyport: shared.binary, Envoy: envoy}, t.TempDir(), output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ground.Close(); err != nil {
			t.Error(err)
		}
	})
	var text strings.Builder
	table := tour.NewTable(&text, tour.Width, false, false)
	table.Begin()
	if err := ground.Run(t.Context(), table.Add); err != nil {
		t.Fatalf("%v\n%s\nsallyport's last words:\n%s", err, text.String(), ground.Server.Log())
	}
	if !table.End() {
		t.Fatalf("the tour:\n%s\nsallyport's last words:\n%s", text.String(), ground.Server.Log())
	}
	for i, line := range strings.Split(text.String(), "\n") {
		if n := len([]rune(line)); n > tour.Width {
			t.Errorf("line %d is %d characters wide: %s", i+1, n, line)
		}
	}

	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(readme), tourBegin)
	shown, after, ok2 := strings.Cut(rest, tourEnd)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no lines %q and %q for the tour's table to stand between", file, strings.TrimSpace(tourBegin), tourEnd)
	}
	want := "```text\n" + text.String() + "```\n"
	if shown == want {
		return
	}
	if !*update {
		t.Fatalf("%s shows another table than the tour prints; run `go test ./... -run TestTour -update` in e2e. The tour prints:\n%s", file, text.String())
	}
	if err := os.WriteFile(file, []byte(before+tourBegin+want+tourEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
