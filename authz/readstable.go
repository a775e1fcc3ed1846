package authz

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"sync"
	"sync/atomic"
)

// layerReads tells what the documents read that are attached together. The
// answer for an action is made when it is first asked for.
type layerReads struct {
	tables []*readTable
	known  atomic.Pointer[knownReads]
	// adding guards what follows: sets of several statements, by the numbers of
	// these, which actions share, and their size with those numbers.
	adding sync.Mutex
	sets   map[string]*readSet
	kept   int
}

// Bounds of what is remembered, past which all is forgotten: of actions, which
// come from the tables of mappers, that have fewer; and of the size of sets, as a
// multiple of what the documents read, and at least some.
const (
	mostActions = 1024
	mostKept    = 8
	leastKept   = 1 << 12
)

// knownReads finds sets by their actions: each stands at the hash of its own, or
// behind it. At least half of the places are empty, and their number is a power
// of two.
type knownReads struct {
	actions []*actionReads
	count   int
}

// actionReads is what the statements read that an action matches.
type actionReads struct {
	action string
	hash   uint32 // of the action
	set    *readSet
}

// find is the set of an action; nil if it is not known.
func (k *knownReads) find(action string, hash uint32) *readSet {
	for i := hash; ; i++ {
		r := k.actions[i&uint32(len(k.actions)-1)]
		if r == nil {
			return nil
		}
		if r.hash == hash && r.action == action {
			return r.set
		}
	}
}

// with is a copy with one action more, which takes the place of what was known of
// it.
func (k *knownReads) with(r *actionReads) *knownReads {
	next := &knownReads{count: 1}
	if k != nil && k.count < mostActions {
		next.count += k.count
	}
	next.actions = make([]*actionReads, max(4, 1<<bits.Len(uint(2*next.count-1))))
	if next.count > 1 {
		for _, old := range k.actions {
			if old != nil {
				next.put(old)
			}
		}
	}
	next.put(r)
	return next
}

func (k *knownReads) put(r *actionReads) {
	for i := r.hash; ; i++ {
		place := &k.actions[i&uint32(len(k.actions)-1)]
		if *place == nil || (*place).action == r.action {
			*place = r
			return
		}
	}
}

// reading are the documents that read anything.
func reading(docs []*Document) []*Document {
	var list []*Document
	for _, d := range docs {
		if d.reading {
			list = append(list, d)
		}
	}
	return list
}

// joinedReads is what documents read together that all read something, for one
// caller alone; nil of none. See Library.attachedReads.
func joinedReads(docs []*Document) *layerReads {
	switch len(docs) {
	case 0:
		return nil
	case 1:
		return docs[0].readsAlone()
	}
	r := new(layerReads)
	for _, d := range docs {
		r.tables = append(r.tables, d.readsAlone().tables...)
	}
	return r
}

// readsAlone is what the document reads, if it does, beside no other.
func (d *Document) readsAlone() *layerReads {
	d.readsOnce.Do(func() {
		// Of a document that can be released, the table holds nothing.
		d.ownReads = &layerReads{tables: []*readTable{newReadTable(d.Source(), d.source.text != "")}}
	})
	return d.ownReads
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
	var sets []*readSet
	var numbers []byte
	own, lower := 0, lowerASCII(action)
	for i, t := range l.tables {
		own += t.size
		for _, n := range t.matching(action, lower) {
			sets = append(sets, &t.readers[n].reads)
			numbers = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(numbers, uint32(i)), uint32(n))
		}
	}
	l.adding.Lock()
	defer l.adding.Unlock()
	known := l.known.Load()
	set := l.sets[string(numbers)]
	if set == nil {
		set = joined(sets)
		if len(sets) > 1 {
			size := len(sets) + set.size()
			if l.kept += size; l.sets == nil || l.kept > max(leastKept, mostKept*own) {
				l.sets, l.kept, known = map[string]*readSet{}, size, nil
			}
			l.sets[string(numbers)] = set
		}
	}
	l.known.Store(known.with(&actionReads{strings.Clone(action), hash, set}))
	return set
}
