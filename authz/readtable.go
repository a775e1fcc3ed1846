package authz

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// readTable is what the statements of a document read, by action. Statements
// that read nothing are not in it. One that is shared keeps nothing of the document,
// which others that read the same may outlive.
type readTable struct {
	// number is one that no other table of the process has or gets.
	number  uint64
	readers []reader
	// exact are the numbers of those that name their actions in full, by the
	// action in lower case; rest those of the others.
	exact map[string][]int32
	rest  []int32
	// size is that of what they read.
	size int
}

// lastTable is the number that was given last.
var lastTable atomic.Uint64

// reader is a statement that reads something.
type reader struct {
	// statement is that of the document, or a copy of its action elements; nil if it
	// names its actions in full.
	statement *policy.Statement
	reads     readSet
}

func newReadTable(doc *policy.Document, shared bool) *readTable {
	t := &readTable{number: lastTable.Add(1), exact: map[string][]int32{}}
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if r := readsOf(doc, s); len(r.reads) > 0 {
			t.add(s, r, shared)
		}
	}
	return t
}

func (t *readTable) add(s *policy.Statement, r readSet, shared bool) {
	number := int32(len(t.readers))
	t.size += r.size()
	if shared {
		r.detach()
	}
	actions, all := exactActions(s)
	if !all {
		if shared {
			s = &policy.Statement{Actions: copied(s.Actions), NotActions: copied(s.NotActions)}
		}
		t.readers = append(t.readers, reader{s, r})
		t.rest = append(t.rest, number)
		return
	}
	t.readers = append(t.readers, reader{nil, r})
	for _, action := range actions {
		if of := t.exact[action]; len(of) == 0 || of[len(of)-1] != number {
			t.exact[action] = append(of, number)
		}
	}
}

// detach lets go of the text of the document. Names and dates hold nothing of it.
func (r *readSet) detach() {
	for i := range r.reads {
		for k := range r.reads[i].numbers {
			r.reads[i].numbers[k] = r.reads[i].numbers[k].Clone()
		}
	}
}

// copied are values without the document that they stand in: nil if there are none.
func copied(values []policy.Value) []policy.Value {
	if values == nil {
		return nil
	}
	copies := make([]policy.Value, len(values))
	for i := range values {
		copies[i].Text = strings.Clone(values[i].Text)
	}
	return copies
}

// exactActions are the actions of a statement in lower case; all is false if
// wildcards or NotAction match others.
func exactActions(s *policy.Statement) (actions []string, all bool) {
	if s.NotActions != nil {
		return nil, false
	}
	for _, v := range s.Actions {
		p, ok := policy.ParseAction(v.Text)
		if !ok {
			continue // it matches nothing
		}
		action, exact := p.Exact()
		if !exact {
			return nil, false
		}
		actions = append(actions, action)
	}
	return actions, true
}

// matching are the numbers of the statements whose action elements match.
func (t *readTable) matching(action, lower string) []int32 {
	matching := slices.Clone(t.exact[lower])
	for _, n := range t.rest {
		if t.readers[n].statement.CanMatchAction(action) {
			matching = append(matching, n)
		}
	}
	return matching
}

// lowerASCII is an action as the exact ones are kept: only ASCII letters have
// case in actions.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + ('a' - 'A')
		}
	}
	return string(b)
}

// readsText is what the statements of a document read, and for which actions: two
// documents with equal texts have equal tables. It is empty if they read nothing.
func readsText(doc *policy.Document) string {
	var text []byte
	for i := range doc.Statements {
		s := &doc.Statements[i]
		r := readsOf(doc, s)
		if len(r.reads) == 0 {
			continue
		}
		text = appendActions(text, s)
		text = appendNumber(text, len(r.reads))
		for i := range r.reads {
			text = r.reads[i].appendWhole(text)
		}
	}
	return string(text)
}

// appendActions appends the action elements: whether there is a NotAction counts
// even if it is empty.
func appendActions(text []byte, s *policy.Statement) []byte {
	values := s.Actions
	if s.NotActions == nil {
		text = append(text, 0)
	} else {
		text, values = append(text, 1), s.NotActions
	}
	text = appendNumber(text, len(values))
	for _, v := range values {
		text = appendText(text, v.Text)
	}
	return text
}

// appendWhole appends all that the read is.
func (r *read) appendWhole(text []byte) []byte {
	text = appendText(text, r.key.Name)
	whole := byte(0)
	if r.whole {
		whole = 1
	}
	text = appendNumber(append(text, whole), len(r.numbers))
	for _, n := range r.numbers {
		text = appendText(text, n.String())
	}
	text = appendNumber(text, len(r.dates))
	for _, d := range r.dates {
		text = binary.AppendVarint(text, d.Unix())
		text = binary.AppendVarint(text, int64(d.Nanosecond()))
	}
	return text
}
