package authz

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// lastPolicies is the identity that was given last.
var lastPolicies atomic.Uint64

// layerReads tells what the documents read that are attached together. The
// answer for an action is made when it is first asked for.
type layerReads struct {
	tables []*readTable
	// most is about the most that can be gained for any one action.
	most   int
	known  atomic.Pointer[map[string]*readSet]
	adding sync.Mutex
}

// mostActions bounds what is remembered. Actions come from the tables of
// mappers, which have fewer.
const mostActions = 1024

// documentReads is nil if the document reads nothing.
func documentReads(doc *policy.Document) *layerReads {
	t := newReadTable(doc)
	if t.exact == nil && t.rest == nil {
		return nil
	}
	return &layerReads{tables: []*readTable{t}, most: t.most}
}

// attachedReads is nil if no document reads anything. It is shared by all that
// attach the same documents that do.
func (l *Library) attachedReads(docs []*Document) *layerReads {
	var reading []*Document
	for _, d := range docs {
		if d.reads != nil {
			reading = append(reading, d)
		}
	}
	switch len(reading) {
	case 0:
		return nil
	case 1:
		return reading[0].reads
	}
	slices.SortFunc(reading, func(a, b *Document) int { return cmp.Compare(l.numbers[a], l.numbers[b]) })
	key := make([]byte, 0, 4*len(reading))
	for _, d := range reading {
		key = binary.BigEndian.AppendUint32(key, l.numbers[d])
	}
	if r := l.reads[string(key)]; r != nil {
		return r
	}
	r := new(layerReads)
	for _, d := range reading {
		r.tables = append(r.tables, d.reads.tables...)
		r.most += d.reads.most
	}
	if l.reads == nil {
		l.reads = map[string]*layerReads{}
	}
	l.reads[string(key)] = r
	return r
}

// of is what the statements read whose action elements match.
func (l *layerReads) of(action string) *readSet {
	if known := l.known.Load(); known != nil {
		if r := (*known)[action]; r != nil {
			return r
		}
	}
	return l.learn(action)
}

func (l *layerReads) learn(action string) *readSet {
	r := new(readSet)
	lower := lowerASCII(action)
	for _, t := range l.tables {
		t.collect(r, action, lower)
	}
	r.worth = r.gain()
	l.adding.Lock()
	defer l.adding.Unlock()
	next := map[string]*readSet{}
	if known := l.known.Load(); known != nil && len(*known) < mostActions {
		next = maps.Clone(*known)
	}
	next[action] = r
	l.known.Store(&next)
	return r
}

// readTable is what the statements of a document read, by action. Statements
// that read nothing are not in it.
type readTable struct {
	// exact holds the statements that name their actions in full, by the action
	// in lower case; rest the others.
	exact map[string]*readSet
	rest  []reader
	// most is about the most that can be gained for any one action.
	most int
}

// reader is a statement that reads something.
type reader struct {
	statement *policy.Statement
	reads     readSet
}

func newReadTable(doc *policy.Document) *readTable {
	t := new(readTable)
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if r := readsOf(doc, s); len(r.reads) > 0 {
			t.add(s, &r)
		}
	}
	var rest readSet
	for i := range t.rest {
		rest.join(&t.rest[i].reads)
	}
	t.most = rest.gain()
	for _, r := range t.exact {
		both := readSet{reads: slices.Clone(rest.reads), denies: rest.denies, allows: rest.allows}
		both.join(r)
		t.most = max(t.most, both.gain())
	}
	return t
}

func (t *readTable) add(s *policy.Statement, r *readSet) {
	actions, all := exactActions(s)
	if !all {
		t.rest = append(t.rest, reader{s, *r})
		return
	}
	for _, action := range actions {
		if t.exact == nil {
			t.exact = map[string]*readSet{}
		}
		if t.exact[action] == nil {
			t.exact[action] = new(readSet)
		}
		t.exact[action].join(r)
	}
}

// exactActions are the actions of a statement in lower case, each once; all is
// false if wildcards or NotAction match others.
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
		if !slices.Contains(actions, action) {
			actions = append(actions, action)
		}
	}
	return actions, true
}

// collect adds what the statements read whose action elements match.
func (t *readTable) collect(into *readSet, action, lower string) {
	if r := t.exact[lower]; r != nil {
		into.join(r)
	}
	for i := range t.rest {
		if t.rest[i].statement.CanMatchAction(action) {
			into.join(&t.rest[i].reads)
		}
	}
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
