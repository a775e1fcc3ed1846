package authz

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
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
	known  atomic.Pointer[knownReads]
	adding sync.Mutex
}

// mostActions bounds what is remembered. Actions come from the tables of
// mappers, which have fewer.
const mostActions = 1024

// knownReads finds sets by their actions: each stands at the hash of its own, or
// behind it. At least half of the places are empty, and their number is a power
// of two.
type knownReads struct {
	sets  []*readSet
	count int
}

// find is the set of an action; nil if it is not known.
func (k *knownReads) find(action string, hash uint32) *readSet {
	for i := hash; ; i++ {
		r := k.sets[i&uint32(len(k.sets)-1)]
		if r == nil || r.hash == hash && r.action == action {
			return r
		}
	}
}

// with is a copy with one set more, which takes the place of another for the same
// action.
func (k *knownReads) with(r *readSet) *knownReads {
	next := &knownReads{count: 1}
	if k != nil && k.count < mostActions {
		next.count += k.count
	}
	next.sets = make([]*readSet, max(4, 1<<bits.Len(uint(2*next.count-1))))
	if next.count > 1 {
		for _, old := range k.sets {
			if old != nil {
				next.put(old)
			}
		}
	}
	next.put(r)
	return next
}

func (k *knownReads) put(r *readSet) {
	for i := r.hash; ; i++ {
		place := &k.sets[i&uint32(len(k.sets)-1)]
		if *place == nil || (*place).action == r.action {
			*place = r
			return
		}
	}
}

// documentReads is nil if the document reads nothing.
func documentReads(doc *policy.Document) *layerReads {
	t := newReadTable(doc)
	if t.exact == nil && t.rest == nil {
		return nil
	}
	return &layerReads{tables: []*readTable{t}}
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
	}
	if l.reads == nil {
		l.reads = map[string]*layerReads{}
	}
	l.reads[string(key)] = r
	return r
}

// of is what the statements read whose action elements match. hash is that of
// the action.
func (l *layerReads) of(action string, hash uint32) *readSet {
	if known := l.known.Load(); known != nil {
		if r := known.find(action, hash); r != nil {
			return r
		}
	}
	return l.learn(action, hash)
}

func (l *layerReads) learn(action string, hash uint32) *readSet {
	r := &readSet{action: strings.Clone(action), hash: hash}
	lower := lowerASCII(action)
	for _, t := range l.tables {
		t.collect(r, action, lower)
	}
	l.adding.Lock()
	defer l.adding.Unlock()
	l.known.Store(l.known.Load().with(r))
	return r
}

// readTable is what the statements of a document read, by action. Statements
// that read nothing are not in it.
type readTable struct {
	// exact holds the statements that name their actions in full, by the action
	// in lower case; rest the others.
	exact map[string]*readSet
	rest  []reader
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
