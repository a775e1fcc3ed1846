//go:build unix

package conformance_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/e2e/conformance"
)

// TestTranscript reads what the suite prints.
func TestTranscript(t *testing.T) {
	t.Parallel()
	text := func(lines ...string) string {
		colours := strings.NewReplacer("<RUN>", "\x1b[36mRUN  \x1b[0m", "<PASS>", "\x1b[32mPASS \x1b[0m", "<FAIL>", "\x1b[31mFAIL \x1b[0m", "<SKIP>", "\x1b[33mSKIP \x1b[0m")
		return colours.Replace(strings.Join(lines, "\n"))
	}
	tests := []struct {
		name, text string
		whole      bool
		want       conformance.Verdicts
		err        string
	}{
		{name: "all kinds", text: text("<RUN>A", "<RUN>B", "<PASS>A", "<RUN>C", "<FAIL>B: got: 1", "more", "<SKIP>C: why"), want: conformance.Verdicts{"A": "", "B": "got: 1", "C": "why"}},
		{name: "within a line", text: text("<RUN>A", "A: failed to delete the bucket: x<RUN>B", "y<PASS>B"), want: conformance.Verdicts{"A": "it has no verdict", "B": ""}},
		{name: "two of a name", text: text("<RUN>A", "<RUN>A", "<PASS>A", "<FAIL>A: x"), want: conformance.Verdicts{"A": "x"}},
		{name: "two of a name, one open", text: text("<RUN>A", "<RUN>A", "<PASS>A"), want: conformance.Verdicts{"A": "it has no verdict"}},
		{name: "failed without a word", text: text("<RUN>A", "<FAIL>A"), want: conformance.Verdicts{"A": "it has no verdict"}},
		{name: "the whole", whole: true, text: text("<RUN>A", "<PASS>A", "RAN: 1 PASS: 1 FAIL: 0 SKIP: 0"), want: conformance.Verdicts{"A": ""}},
		{name: "cut off", whole: true, text: text("<RUN>A", "<PASS>A"), err: "did not come to its end"},
		{name: "other counts", whole: true, text: text("<RUN>A", "<PASS>A", "RAN: 2 PASS: 1 FAIL: 0 SKIP: 0"), err: "it counts 2 RUNs, and 1 were read"},
		{name: "nothing", text: "no such command", err: "it ran no test"},
		{name: "a verdict alone", text: text("<PASS>A"), err: "did not run"},
	}
	for _, tt := range tests {
		got, err := conformance.ReadTranscript(tt.text, tt.whole)
		switch {
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		case tt.err == "" && (err != nil || !maps.Equal(got, tt.want)):
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestParseReasons(t *testing.T) {
	t.Parallel()
	good, err := conformance.ParseReasons("# c\n= One\nx\ny\n- A: b: c\n\n= Two\nz\n- B: d\n")
	if err != nil || len(good) != 2 || good[0].Text != "x y" || good[0].Shows["A"] != "b: c" || good[1].Title != "Two" {
		t.Errorf("%+v, %v", good, err)
	}
	for _, bad := range []string{"x\n", "= T\nx\n", "= T\n- A: b\n", "= T\nx\n- A\n", "= T\nx\n- A: \n", "= T\nx\n- A: b\n- A: c\n"} {
		if _, err := conformance.ParseReasons(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}
