package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// shape makes identity-based policies that take much memory for their text.
type shape struct {
	name string
	// statement is one of them, its lists n long.
	statement func(n int) string
}

// values is a list of n short strings in JSON.
func values(n int, format string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"`+format+`"`, i)
	}
	return "[" + strings.Join(list, ",") + "]"
}

// allowing is a statement on all resources under a condition.
func allowing(condition string) string {
	return `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{` + condition + `}}`
}

var shapes = []shape{
	{"small statements", func(int) string { return `{"Effect":"Allow","Action":"*","Resource":"*"}` }},
	{"resources", func(n int) string {
		return `{"Effect":"Allow","Action":"*","Resource":` + values(n, "arn:aws:s3:::%x") + `}`
	}},
	{"actions", func(n int) string { return `{"Effect":"Allow","Action":` + values(n, "a:%x") + `,"Resource":"*"}` }},
	{"pairs", func(int) string {
		return `{"Effect":"Allow","Action":` + values(8, "a:%x*") + `,"Resource":` + values(8, "arn:aws:s3:::%x*") + `}`
	}},
	{"wildcards", func(n int) string {
		return `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::` + strings.Repeat("*a", n) + `","Condition":{"Bool":{"a:b":"true"}}}`
	}},
	{"question marks", questionMarks},
	{"variables", func(n int) string {
		return `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::` + strings.Repeat("${a:b}", n) + `"}`
	}},
	{"conditions", func(n int) string {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = fmt.Sprintf(`"a:%x":""`, i)
		}
		return allowing(`"StringEquals":{` + strings.Join(keys, ",") + `}`)
	}},
	{"values", func(n int) string { return allowing(`"StringLike":{"a:b":` + values(n, "%x") + `}`) }},
	{"values without regard to case", func(n int) string { return allowing(`"StringEqualsIgnoreCase":{"a:b":` + values(n, "%x") + `}`) }},
	{"values that are all wildcards", func(n int) string {
		return allowing(`"StringLike":{"a:b":[` + strings.TrimSuffix(strings.Repeat(`"*",`, n), ",") + `]}`)
	}},
	{"ARNs", func(n int) string { return allowing(`"ArnLike":{"a:b":` + values(n, "arn:*:*:*:*:%x") + `}`) }},
	{"networks", func(n int) string { return allowing(`"IpAddress":{"a:b":` + values(n, "10.0.0.%d") + `}`) }},
}

func questionMarks(n int) string {
	return `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::` + strings.Repeat("?", n) + `","Condition":{"Bool":{"a:b":"true"}}}`
}

// document is statements of the shape up to a size.
func (s shape) document(size int, sid string) string {
	statement := s.statement(200)
	n := max(1, size/(len(statement)+1))
	return `{"Version":"2012-10-17","Statement":[{"Sid":"` + sid + `","Effect":"Deny","Action":"x:Y","Resource":"*"},` +
		strings.TrimSuffix(strings.Repeat(statement+",", n), ",") + `]}`
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestWeigh compiles documents of all shapes, and weighs what they take.
func TestWeigh(t *testing.T) {
	for _, s := range shapes {
		for _, size := range []int{1, 5 << 10, 100 << 10} {
			text := s.document(size, "S")
			before := heap()
			d := newSimulatedDocument(policy.Identity, "identity[0]", text)
			if d.compiled == nil {
				t.Fatalf("%s: %v", s.name, d.rejected)
			}
			for _, r := range d.readings {
				r.probe()
			}
			if got, want := heap()-before, weigh(text); got > want {
				t.Errorf("%s of %d bytes take %d bytes, and are said to take %d", s.name, len(text), got, want)
			}
			runtime.KeepAlive(d)
		}
	}
}

// attaching puts documents on a line.
func attaching(id, documents string) string {
	return `{"id":"` + id + `","principal":{"type":"user","arn":"arn:aws:iam::111122223333:user/alice","account":"111122223333"},` +
		`"action":"s3:GetObject","resource":{"arn":"arn:aws:s3:::reports/q1.csv","account":"111122223333"},"policies":{"identity":[` + documents + `]}}` + "\n"
}

// watcher is a writer that watches memory while results come.
type watcher struct {
	bytes.Buffer
	most uint64
}

func (w *watcher) Write(p []byte) (int, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.most = max(w.most, m.HeapAlloc)
	return w.Buffer.Write(p)
}

// TestSimulateMemory decides the largest documents that AWS lets a user have, a
// new set in every line and each in the worst shape, beside lines that are larger.
func TestSimulateMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles large documents")
	}
	large := attaching("large", shape{"", func(int) string { return questionMarks(10_000) }}.document(1_000_000, "S"))
	in, questions := io.Pipe()
	go func() {
		for i, s := range shapes {
			user := make([]string, 121)
			for k := range user {
				user[k] = s.document(5700, fmt.Sprintf("S%dx%d", i, k))
			}
			text := attaching(s.name, strings.Join(user, ",")) + large + attaching("small", s.document(1, "S"))
			if _, err := io.WriteString(questions, text); err != nil {
				return
			}
		}
		questions.Close()
	}()
	var w watcher
	lines, failed, err := newSimulator().run(in, &w)
	if want := len(shapes); lines != 3*want || failed != want || err != nil {
		t.Errorf("%d lines, %d failed, %v", lines, failed, err)
	}
	for results := json.NewDecoder(&w); results.More(); {
		var r struct{ ID, Decision, Error string }
		if err := results.Decode(&r); err != nil {
			t.Fatal(err)
		}
		if want := "policies: the documents would take some"; (r.Decision == "error") != (r.ID == "large") || (r.ID == "large") != strings.Contains(r.Error, want) {
			t.Errorf("%+v", r)
		}
	}
	t.Logf("at most %d MiB", w.most>>20)
	if w.most > 384<<20 {
		t.Errorf("it took %d MiB", w.most>>20)
	}
}

// TestSimulateManyLevels refuses levels and documents that are many rather than
// large.
func TestSimulateManyLevels(t *testing.T) {
	t.Parallel()
	line := func(policies string) string {
		return `{"principal":{"type":"anonymous"},"action":"a:B","resource":{"arn":"*","account":"111122223333"},"policies":{` + policies + `}}`
	}
	many := func(text string, n int) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }
	for policies, want := range map[string]string{
		`"scp":[` + many("[]", 100) + `]`:          "implicit_deny",
		`"scp":[` + many("[]", 1000) + `]`:         "implicit_deny",
		`"scp":[` + many("[]", 200_000) + `]`:      "error",
		`"identity":[` + many("{}", 200_000) + `]`: "error",
	} {
		r := newSimulator().simulate(&numberedLine{number: 1, text: line(policies)})
		if r.Decision != want || want == "error" && !strings.Contains(r.Error, "put fewer or smaller documents on the line") {
			t.Errorf("%.40s: %s, want %s: %s", policies, r.Decision, want, r.Error)
		}
	}
}

// TestSimulateUnexplainable refuses to explain what takes too long, and decides
// it without.
func TestSimulateUnexplainable(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("v", 20_000)
	line := func(value, documents string) string {
		return strings.Replace(attaching("1", documents), `"policies"`, `"context":{"a:b":`+value+`},"policies"`, 1)
	}
	statement := func(n int, text string) string {
		return `{"Version":"2012-10-17","Statement":[` + strings.TrimSuffix(strings.Repeat(text+",", n), ",") + `]}`
	}
	like := allowing(`"StringLike":{"a:b":"*x*"}`)
	tests := []struct{ name, line, want string }{
		{"ordinary", line(`"v"`, statement(1, like)), ""},
		{"a long value", line(`"`+long+`"`, statement(1, like)), ""},
		{"patterns and a long value", line(`["`+long+long+`"]`, statement(400, like)), "too many to explain against a value of 40000 bytes; decide the line without --explain"},
		{"variables and a long value", line(`"`+long+`"`, statement(60, `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${a:b}"}`)), "60 variables"},
		{"a long trace", line(`"`+long+`"`, statement(400, like)), "the trace has more than 4 MiB; decide the line without --explain"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSimulator()
			if r := s.simulate(&numberedLine{number: 1, text: tt.line}); r.Error != "" {
				t.Fatalf("without --explain: %s", r.Error)
			}
			s.explain = true
			r := s.simulate(&numberedLine{number: 1, text: tt.line})
			if (r.Error != "") != (tt.want != "") || !strings.Contains(r.Error, tt.want) || (r.Trace == nil) != (tt.want != "") || string(r.ID) != `"1"` {
				t.Errorf("%.300s, want %q", r.Error, tt.want)
			}
		})
	}
}

// TestSimulateShortProblems repeats little of a line in what is wrong with it.
func TestSimulateShortProblems(t *testing.T) {
	t.Parallel()
	for _, name := range []string{strings.Repeat("x", 100_000), strings.Repeat("é", 50_000), strings.Repeat("x", maxProblem) + "é"} {
		for _, line := range []string{
			`{"` + name + `":1}`,
			attaching("1", `{"Version":"2012-10-17","`+name+`":1}`),
		} {
			r := newSimulator().simulate(&numberedLine{number: 1, text: line})
			if r.Decision != "error" || len(r.Error) > 10*maxProblem || strings.ContainsRune(r.Error, '\ufffd') || !strings.Contains(r.Error, "…") {
				t.Errorf("%d bytes: %.200s", len(r.Error), r.Error)
			}
		}
	}
}
