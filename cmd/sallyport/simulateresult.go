package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/reference"
)

// simulated is what a line came to.
type simulated struct {
	ID          json.RawMessage    `json:"id"`
	Decision    string             `json:"decision"`
	Layer       string             `json:"layer"`
	Matched     []matchedStatement `json:"matched"`
	MissingKeys []string           `json:"missing_keys"`
	Error       string             `json:"error,omitempty"`
	Trace       []tracedStatement  `json:"trace,omitzero"`
}

// matchedStatement is a statement that decided.
type matchedStatement struct {
	Policy string `json:"policy"`
	Sid    string `json:"sid,omitempty"`
	Index  int    `json:"index"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// tracedStatement is a statement that was looked at.
type tracedStatement struct {
	Layer string `json:"layer"`
	matchedStatement
	Effect  string          `json:"effect"`
	Applies bool            `json:"applies"`
	Naming  string          `json:"naming,omitempty"`
	Failed  []tracedFailure `json:"failed,omitempty"`
}

// tracedFailure is why a statement does not apply.
type tracedFailure struct {
	Reason   string   `json:"reason"`
	Element  string   `json:"element,omitempty"`
	Operator string   `json:"operator,omitempty"`
	Key      string   `json:"key,omitempty"`
	Variable string   `json:"variable,omitempty"`
	Wanted   []string `json:"wanted,omitempty"`
	Seen     []string `json:"seen,omitempty"`
}

// simulate decides a line.
func (s *simulator) simulate(line *numberedLine) *simulated {
	r := newSimulated(json.RawMessage("null"))
	if line.tooLong {
		r.fail(line, problems{fmt.Sprintf("longer than %d bytes; put fewer or smaller documents on the line", maxLine)})
		return r
	}
	asked, wrong := readInquiry(line.text)
	r.ID = json.RawMessage(asked.id)
	if wrong != nil {
		r.fail(line, wrong)
		return r
	}
	if s.explain {
		if reason := asked.unexplainable(); reason != "" {
			r.fail(line, problems{reason})
			return r
		}
	}
	if weight := asked.weight(len(line.text)); weight > heavyWeight {
		if weight > maxWeight {
			r.fail(line, problems{fmt.Sprintf("policies: the documents would take some %d MiB of memory, and may take %d; put fewer or smaller documents on the line", weight>>20, maxWeight>>20)})
			return r
		}
		s.heavy.Lock()
		defer s.heavy.Unlock()
	}
	q, wrong := asked.question(s.documents)
	if wrong != nil {
		r.fail(line, wrong)
		return r
	}
	d := authz.Decide(&q.caller, &q.request, &q.access)
	r.Decision, r.Layer = d.Effect.String(), layerName(d.Layer)
	if d.Statement != nil {
		r.Matched = append(r.Matched, matched(d.Statement))
	}
	r.MissingKeys = q.missingKeys()
	if s.explain && !r.explain(q) {
		return tooLongTrace(r.ID, line)
	}
	return r
}

// newSimulated is what a line is that was not decided yet.
func newSimulated(id json.RawMessage) *simulated {
	return &simulated{
		ID: id, Decision: "error", Layer: layerName(authz.LayerNone),
		Matched: []matchedStatement{}, MissingKeys: []string{},
	}
}

func tooLongTrace(id json.RawMessage, line *numberedLine) *simulated {
	r := newSimulated(id)
	r.fail(line, problems{fmt.Sprintf("the trace has more than %d MiB; %s", maxTrace>>20, withoutExplain)})
	return r
}

func (r *simulated) fail(line *numberedLine, p problems) {
	r.Error = fmt.Sprintf("line %d: %s", line.number, strings.Join(p, "; "))
}

// explain adds the trace. It is false if that is too long.
func (r *simulated) explain(q *question) bool {
	size := 0
	steps := reference.Explain(&q.caller, &q.request, &q.access).Steps
	r.Trace = make([]tracedStatement, len(steps))
	for i := range steps {
		step := &steps[i]
		traced := tracedStatement{
			Layer: layerName(step.Layer), matchedStatement: matched(&step.Statement),
			Effect: step.Effect.String(), Applies: step.Applies(), Naming: string(step.Naming),
		}
		for _, f := range step.Failures {
			for _, texts := range [][]string{f.Wanted, f.Seen} {
				for _, text := range texts {
					size += len(text)
				}
			}
			traced.Failed = append(traced.Failed, tracedFailure{string(f.Reason), f.Element, f.Operator, f.Key, f.Variable, f.Wanted, f.Seen})
		}
		r.Trace[i] = traced
	}
	return size <= maxTrace
}

func matched(s *authz.Statement) matchedStatement {
	return matchedStatement{s.Policy, s.Sid, s.Index, s.Line, s.Column}
}

// layerName names a layer as the input does.
func layerName(l authz.Layer) string {
	if l == authz.LayerEndpoint {
		return "vpce"
	}
	return l.String()
}

// renderJSON appends a line of JSON.
func renderJSON(to []byte, r *simulated) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		panic("encoding a result: " + err.Error()) // it holds strings and numbers alone
	}
	return append(to, b.String()...)
}

// Columns keep their width from line to line, as there may be millions of them.
const (
	tableRow    = "%-20s  %-13s  %-8s  %s\n"
	tableIndent = "    "
)

var tableHeader = fmt.Sprintf(tableRow, "ID", "DECISION", "LAYER", "STATEMENT")

// renderTable appends a row, and below it the trace.
func renderTable(to []byte, r *simulated) []byte {
	last := "-"
	switch {
	case r.Error != "":
		last = printable(r.Error)
	case len(r.Matched) > 0:
		last = r.Matched[0].String()
	}
	to = fmt.Appendf(to, tableRow, printableID(string(r.ID)), r.Decision, r.Layer, last)
	for i := range r.Trace {
		to = append(append(append(to, tableIndent...), r.Trace[i].String()...), '\n')
	}
	if len(r.MissingKeys) > 0 && r.Trace != nil {
		to = fmt.Appendf(to, "%snot in the context: %s\n", tableIndent, printable(strings.Join(r.MissingKeys, ", ")))
	}
	return to
}

// String names the statement, e.g. identity[0] statement 1 (DenySecrets).
func (m matchedStatement) String() string {
	s := fmt.Sprintf("%s statement %d", m.Policy, m.Index)
	if m.Sid != "" {
		s += " (" + printable(m.Sid) + ")"
	}
	return s
}

// namings say in words how a statement names the caller.
var namings = map[reference.Naming]string{
	reference.Itself:    "itself",
	reference.AsAnyone:  "anyone",
	reference.ByParent:  "a session of its role or user",
	reference.ByAccount: "one of its account",
}

// String tells in a line whether the statement applied, and if not, why.
func (t *tracedStatement) String() string {
	s := t.matchedStatement.String() + ": " + t.Effect
	if t.Applies {
		if t.Naming != "" {
			return s + " applies; it names the caller as " + namings[reference.Naming(t.Naming)]
		}
		return s + " applies"
	}
	reasons := make([]string, len(t.Failed))
	for i := range t.Failed {
		reasons[i] = t.Failed[i].String()
	}
	return s + " does not apply: " + strings.Join(reasons, "; ")
}

// String says what failed, what was wanted, and what was seen.
func (f *tracedFailure) String() string {
	if f.Element == "" {
		return "it does not bind this type of principal"
	}
	s := f.Element
	if f.Operator != "" {
		s += " " + f.Operator + " " + printable(f.Key)
	}
	s += fmt.Sprintf(": %q wanted", f.Wanted)
	switch reference.Reason(f.Reason) {
	case reference.KeyAbsent:
		return s + ", the key is absent"
	case reference.NoVariable:
		s += fmt.Sprintf(", the variable %q has no value", f.Variable)
	case reference.NeedsSetOperator:
		s += ", a list needs ForAllValues or ForAnyValue"
	case reference.Ambiguous:
		return s + ", two tags differ in case alone"
	}
	return s + fmt.Sprintf(", %q seen", f.Seen)
}
