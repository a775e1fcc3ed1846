package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// ordinaryLines are lines as a pipeline writes them: several callers, resources
// and documents, each of the documents in many lines. Without distinct, every
// line has a document of its own.
func ordinaryLines(n, distinct int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"id":"%d","principal":{"type":"user","arn":"arn:aws:iam::111122223333:user/u%d","account":"111122223333"},`, i, i%10)
		fmt.Fprintf(&b, `"action":"s3:GetObject","resource":{"arn":"arn:aws:s3:::reports/%d.csv","account":"111122223333"},`, i)
		fmt.Fprintf(&b, `"context":{"aws:SourceIp":"192.0.2.%d","aws:SecureTransport":"true","aws:username":"u%d"},`, i%250, i%10)
		fmt.Fprintf(&b, `"policies":{"identity":[{"Version":"2012-10-17","Statement":[{"Sid":"Read%d","Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::reports","arn:aws:s3:::reports/*"],"Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/25"}}}]}],`, i%distinct)
		b.WriteString(`"boundary":[{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}]}}` + "\n")
	}
	return b.Bytes()
}

// BenchmarkSimulate decides lines that share their documents, lines with a
// document each, and lines that are explained.
func BenchmarkSimulate(b *testing.B) {
	const lines = 20_000
	for _, bb := range []struct {
		name     string
		distinct int
		args     []string
	}{
		{"shared", 7, nil},
		{"own", lines, nil},
		{"explain", 7, []string{"--explain"}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			input := ordinaryLines(lines, bb.distinct)
			b.SetBytes(int64(len(input)))
			b.ReportAllocs()
			for b.Loop() {
				var out bytes.Buffer
				if code := run(append([]string{"simulate", "-"}, bb.args...), bytes.NewReader(input), &out, &out); code != 0 {
					b.Fatalf("exit code %d: %s", code, out.Bytes())
				}
			}
			b.ReportMetric(lines*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// TestSimulateKeepsOrder puts more lines than fit into a few batches.
func TestSimulateKeepsOrder(t *testing.T) {
	t.Parallel()
	const lines = 2000
	var out, errOut bytes.Buffer
	if code := run([]string{"simulate", "-"}, bytes.NewReader(ordinaryLines(lines, 7)), &out, &errOut); code != 0 {
		t.Fatalf("exit code %d: %s", code, errOut.Bytes())
	}
	results := json.NewDecoder(&out)
	for i := range lines {
		var got struct{ ID, Decision string }
		if err := results.Decode(&got); err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{true: "allow", false: "implicit_deny"}[i%250 < 128]
		if got.ID != strconv.Itoa(i) || got.Decision != want {
			t.Fatalf("line %d: %+v, want %s", i, got, want)
		}
	}
	if results.More() {
		t.Error("there are more results than lines")
	}
}

// TestSimulateAnswersAtOnce reads each answer before it writes the next line.
func TestSimulateAnswersAtOnce(t *testing.T) {
	t.Parallel()
	in, questions := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, _, err := newSimulator().run(in, out)
		done <- errors.Join(err, out.Close())
	}()
	results := json.NewDecoder(answers)
	for i := range 3 {
		if _, err := questions.Write(ordinaryLines(1, 1)); err != nil {
			t.Fatal(err)
		}
		var got struct{ Decision string }
		if err := results.Decode(&got); err != nil || got.Decision != "allow" {
			t.Fatalf("answer %d: %+v, %v", i, got, err)
		}
	}
	if err := errors.Join(questions.Close(), <-done); err != nil {
		t.Error(err)
	}
}

func newSimulator() *simulator {
	return &simulator{documents: newDocumentCache(), render: renderJSON}
}

// TestSimulateLongLines bounds lines and goes on behind them.
func TestSimulateLongLines(t *testing.T) {
	t.Parallel()
	line := strings.TrimSuffix(string(ordinaryLines(1, 1)), "\n")
	fitting := line + strings.Repeat(" ", maxLine-len(line))
	input := strings.Join([]string{line, fitting + " ", fitting, fitting + "\r", "", strings.Repeat("x", 3*maxLine), fitting}, "\n")
	want := []string{"", "line 2: longer than 1048576 bytes; put fewer or smaller documents on the line", "", "line 4: longer than 1048576 bytes; put fewer or smaller documents on the line", "line 6: longer than 1048576 bytes; put fewer or smaller documents on the line", ""}
	for name, in := range map[string]io.Reader{"whole": strings.NewReader(input), "in pieces": iotest.HalfReader(strings.NewReader(input))} {
		var out bytes.Buffer
		lines, failed, err := newSimulator().run(in, &out)
		if lines != 6 || failed != 3 || err != nil {
			t.Errorf("%s: %d lines, %d failed, %v", name, lines, failed, err)
		}
		var got []string
		for results := json.NewDecoder(&out); results.More(); {
			var r struct{ Error string }
			if err := results.Decode(&r); err != nil {
				t.Fatal(err)
			}
			got = append(got, r.Error)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// TestSimulateBrokenStreams ends with an error, without what was cut off.
func TestSimulateBrokenStreams(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var out bytes.Buffer
	in := io.MultiReader(bytes.NewReader(ordinaryLines(2, 1)), strings.NewReader(`{"id": "half`), iotest.ErrReader(broken))
	if lines, _, err := newSimulator().run(in, &out); lines != 2 || !errors.Is(err, broken) {
		t.Errorf("%d lines, %v", lines, err)
	}
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != 2 {
		t.Errorf("%d lines of output, want 2", n)
	}
	if _, _, err := newSimulator().run(bytes.NewReader(ordinaryLines(20_000, 1)), brokenWriter{broken}); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

// TestDocumentCacheIsBounded fills the cache several times over, and keeps what
// is in use.
func TestDocumentCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newDocumentCache()
	used := func() *simulatedDocument { return c.get(policy.Identity, "identity[0]", "{}") }
	used()
	first := used()
	long := strings.Repeat("x", 1000)
	for i := range 2 * seenDocuments {
		c.get(policy.Identity, "identity[0]", strconv.Itoa(i)+long)
		if len(c.recent) != 1 || len(c.seen) > seenDocuments {
			t.Fatalf("after %d documents that came once the cache holds %d, and %d hashes", i, len(c.recent), len(c.seen))
		}
	}
	for i := range 3 * cachedDocuments {
		for range 2 {
			c.get(policy.Identity, "identity[0]", strconv.Itoa(-i)+long)
		}
		if used() != first {
			t.Fatalf("a document in use is forgotten after %d others", i)
		}
	}
	if len(c.recent) > cachedDocuments || len(c.older) > cachedDocuments || c.size > cachedBytes {
		t.Errorf("the cache holds %d and %d documents, %d bytes", len(c.recent), len(c.older), c.size)
	}
	if c.get(policy.Session, "identity[0]", "{}") == first || c.get(policy.Identity, "identity[1]", "{}") == first {
		t.Error("a document is shared between kinds or places")
	}
}

// FuzzSimulate wants an answer to whatever a line holds: an error if it is no
// JSON, and never a panic.
func FuzzSimulate(f *testing.F) {
	f.Add(string(ordinaryLines(1, 1)))
	f.Add(`{"id": 1, "principal": {"type": "anonymous"}, "action": "a:B", "resource": {"arn": "*", "account": "111122223333"}}`)
	f.Add(`{"id": "\u00e9\ud83d\ude00", "context": {"aws:RequestTag/a": "1", "aws:RequestTag/A": ["2"], "a:b": [], "A:B": null}}`)
	f.Add(`{"principal": {"type": "assumed-role", "arn": "arn:aws:sts::111122223333:assumed-role/app/s1", "account": "111122223333", "role_arn": null}, "policies": {"scp": [[], [{}]], "resource": {"Statement": [{"Effect": "Deny", "NotPrincipal": "*"}]}}}`)
	f.Add("{\"id\": 01, \"x\": [}{\", \"policies\": {\"identity\": [{\"a\": \"\\\"}]}\"}]}}")
	f.Fuzz(func(t *testing.T, text string) {
		s := newSimulator()
		s.explain = true
		text = strings.ReplaceAll(text, "\n", " ")
		r := s.simulate(&numberedLine{number: 1, text: text})
		if (r.Decision == "error") != (r.Error != "") {
			t.Errorf("the decision is %q, and the error %q", r.Decision, r.Error)
		}
		if r.Error == "" && !json.Valid([]byte(text)) {
			t.Errorf("%q is no JSON, and decided: %+v", text, r)
		}
		out := renderJSON(nil, r)
		if !json.Valid(out) || bytes.Count(out, []byte("\n")) != 1 {
			t.Errorf("%q: the output is no line of JSON: %q", text, out)
		}
		if table := renderTable(nil, r); !bytes.HasSuffix(table, []byte("\n")) {
			t.Errorf("%q: the row has no end: %q", text, table)
		}
	})
}

// TestSimulateDocument runs the commands that docs/simulate.md shows.
func TestSimulateDocument(t *testing.T) {
	t.Parallel()
	runDocument(t, "docs/simulate.md", 3)
}
