package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/bench/report"
)

func TestReplace(t *testing.T) {
	t.Parallel()
	const document = "a\n<!-- x: begin, written by make bench -->\nold\n<!-- x: end -->\nb\n"
	const want = "a\n<!-- x: begin, written by make bench -->\n\nnew\n\n<!-- x: end -->\nb\n"
	got, err := report.Replace(document, "x", "new\n")
	if err != nil || got != want {
		t.Errorf("Replace() = %q, %v; want %q", got, err, want)
	}
	again, err := report.Replace(got, "x", "new\n")
	if err != nil || again != want {
		t.Errorf("a second time: %q, %v", again, err)
	}
	for _, broken := range []string{"", "<!-- x: begin, written by make bench -->\n"} {
		if _, err := report.Replace(broken, "x", ""); err == nil {
			t.Errorf("no error for %q", broken)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	tests := []struct{ got, want string }{
		{report.Duration(0), "0.00 ns"},
		{report.Duration(95.4), "95.4 ns"},
		{report.Duration(999.6), "1.00 µs"},
		{report.Duration(364_502), "365 µs"},
		{report.Duration(12_345_678), "12.3 ms"},
		{report.Duration(5e12), "5,000 s"},
		{report.Ratio(1), "1.00×"},
		{report.Ratio(12_345), "12,300×"},
		{report.Percent(0.034), "3 %"},
		{report.Bytes(812.4), "812 B"},
		{report.Bytes(12_345_678), "12.3 MB"},
		{report.Count(1_000_000), "1,000,000"},
		{report.Count(100), "100"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	const want = "| a | b |\n|---|---:|\n| 1 | 2 |\n"
	if got := report.Table([]string{"a", "b"}, [][]string{{"1", "2"}}); got != want {
		t.Errorf("Table() = %q, want %q", got, want)
	}
}

func TestPlot(t *testing.T) {
	t.Parallel()
	p := report.Plot{File: "p.svg", Title: "a title", XLabel: "size", Lines: []report.Line{
		{Name: "first", Points: []report.Point{{1, 90}, {10, 95}, {100, 100}}},
		{Name: "second", Style: 1, Points: []report.Point{{1, 900}, {10, 9000}}},
	}}
	drawn(t, p.File, p.Write, "a title", "first", "second", "1 µs")
}

func TestBars(t *testing.T) {
	t.Parallel()
	b := report.Bars{File: "b.svg", Title: "a title", YLabel: "how much", Groups: []string{"one", "two"}, Subjects: []report.Subject{
		{Name: "first", Values: []float64{1, 2}}, {Name: "second", Values: []float64{0.5, 3}},
	}}
	drawn(t, b.File, b.Write, "a title", "how much", "first", "second", "one", "two")
}

// drawn draws twice and looks for texts in what was drawn.
func drawn(t *testing.T, file string, write func(directory string) error, texts ...string) {
	t.Helper()
	var drawings []string
	for range 2 {
		directory := t.TempDir()
		if err := write(directory); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(directory, file))
		if err != nil {
			t.Fatal(err)
		}
		drawings = append(drawings, string(text))
	}
	if drawings[0] != drawings[1] {
		t.Error("the same is drawn differently")
	}
	for _, want := range append(texts, "<svg") {
		if !strings.Contains(drawings[0], want) {
			t.Errorf("the drawing does not hold %q", want)
		}
	}
}
