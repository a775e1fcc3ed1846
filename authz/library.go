package authz

import (
	"encoding/binary"
	"slices"
	"unique"
)

// Library attaches documents to principals, resources and levels, and shares
// among them what their documents have in common. What it needs in memory
// follows from the text of the documents and from how many are attached, and
// not from the product of principals and statements. The zero value is ready to
// use; it must not be used by several goroutines at once.
//
// Policies are searched by action and resource in one index for each segment,
// which is one document or several. Small documents of a set are copied into a
// segment of its own. Large ones are segments themselves, which all sets share;
// if a set has many, the segment of all of them is shared by the sets that have
// the same.
//
// A Library may serve one load of policies after the other: see Turn.
type Library struct {
	// now is what was asked for in this turn, last what was in the one before.
	now, last shelf
}

// shelf is what a Library has made: sets and segments by the numbers of the documents
// that they were made of, tables by what the documents read, and what several of them
// read by the numbers of their tables. Nothing else goes into any of it.
type shelf struct {
	sets     map[string]*Policies
	segments map[string]*segment
	reads    map[string]*layerReads
	tables   map[unique.Handle[string]]*readTable
	// seen are the documents, text counts their statements, and merged those that
	// were copied into segments of several large documents.
	seen         map[*Document]struct{}
	text, merged int
}

const (
	// smallDocument is the most statements of a document that is copied.
	smallDocument = 8
	// fewSegments is how many large documents are searched one by one, at the
	// price of some 20 ns each.
	fewSegments = 4
	// mostCopies bounds the segments of several large documents, as a multiple
	// of the text. Past it they are searched one by one too.
	mostCopies = 4
)

// Policies attaches documents. Who attaches the same in the same order shares the
// result. Documents gives them back in an order of its own: small ones first.
func (l *Library) Policies(docs ...*Document) *Policies {
	var room [16 * 8]byte
	key := appendNumbers(room[:0], docs)
	if p := l.now.sets[string(key)]; p != nil {
		return p
	}
	l.now.see(docs, &l.last)
	documents, small := smallFirst(docs)
	segments, reads := l.attachedSegments(documents[:small], documents[small:]), l.attachedReads(docs)
	p := l.last.sets[string(key)]
	if p == nil || p.reads != reads || !slices.Equal(p.segments, segments) {
		p = newPolicies(documents, segments, reads)
	}
	l.now.sets[string(key)] = p
	return p
}

// Turn begins with the next load of policies. What was asked for in the last one is
// found again, and not made anew; what was not is forgotten.
func (l *Library) Turn() { l.now, l.last = shelf{}, l.now }

// Size is how many sets of documents, and parts that several of them share, the
// Library holds.
func (l *Library) Size() int { return l.now.size() + l.last.size() }

func (s *shelf) size() int {
	return len(s.sets) + len(s.segments) + len(s.reads) + len(s.tables) + len(s.seen)
}

// see counts documents. Of the last turn, like tells about how much there will be.
func (s *shelf) see(docs []*Document, like *shelf) {
	if s.seen == nil {
		s.sets = make(map[string]*Policies, len(like.sets))
		s.segments = make(map[string]*segment, len(like.segments))
		s.reads = make(map[string]*layerReads, len(like.reads))
		s.tables = make(map[unique.Handle[string]]*readTable, len(like.tables))
		s.seen = make(map[*Document]struct{}, len(like.seen))
	}
	for _, d := range docs {
		if _, ok := s.seen[d]; !ok {
			s.seen[d] = struct{}{}
			s.text += len(d.statements)
		}
	}
}

// appendNumbers appends the numbers of documents, which no others of the process have
// or get.
func appendNumbers(key []byte, docs []*Document) []byte {
	for _, d := range docs {
		key = binary.BigEndian.AppendUint64(key, d.number)
	}
	return key
}

// smallFirst puts small documents in front of large ones, and counts them.
func smallFirst(docs []*Document) (ordered []*Document, small int) {
	ordered = make([]*Document, 0, len(docs))
	for _, d := range docs {
		if len(d.statements) <= smallDocument {
			ordered = append(ordered, d)
		}
	}
	small = len(ordered)
	for _, d := range docs {
		if len(d.statements) > smallDocument {
			ordered = append(ordered, d)
		}
	}
	return ordered, small
}

func (l *Library) attachedSegments(small, large []*Document) []*segment {
	segments := make([]*segment, 0, min(len(small), 1)+len(large))
	if len(small) > 0 {
		segments = append(segments, l.segment(small, 0))
	}
	if len(large) > fewSegments {
		copies := 0
		for _, d := range large {
			copies += len(d.statements)
		}
		if s := l.segment(large, copies); s != nil {
			return append(segments, s)
		}
	}
	for _, d := range large {
		segments = append(segments, d.segment())
	}
	return segments
}

// segment is the segment of several documents; nil if there is none and too
// much was copied to make it.
func (l *Library) segment(docs []*Document, copies int) *segment {
	if len(docs) == 1 {
		return docs[0].segment()
	}
	key := appendNumbers(nil, docs)
	if s := l.now.segments[string(key)]; s != nil {
		return s
	}
	// What the last turn has made must be within the bounds of this one, too.
	if l.now.merged+copies > mostCopies*l.now.text {
		return nil
	}
	s := l.last.segments[string(key)]
	if s == nil {
		s = new(segment)
		s.fill(docs...)
	}
	l.now.merged += copies
	l.now.segments[string(key)] = s
	return s
}

// attachedReads is what the documents read together; nil if that is nothing. Where
// others read the same, it is theirs as well, though the documents be others: most
// differ in what they compare with, and few read what nobody else does.
func (l *Library) attachedReads(docs []*Document) *layerReads {
	docs = reading(docs)
	if len(docs) == 0 {
		return nil
	}
	tables := make([]*readTable, len(docs))
	var key []byte
	for i, d := range docs {
		tables[i] = l.table(d)
		key = binary.BigEndian.AppendUint64(key, tables[i].number)
	}
	r := l.now.reads[string(key)]
	if r != nil {
		return r
	}
	if r = l.last.reads[string(key)]; r == nil {
		r = &layerReads{tables: tables}
	}
	l.now.reads[string(key)] = r
	return r
}

// table is the table of a document that reads something.
func (l *Library) table(d *Document) *readTable {
	d.textOnce.Do(func() { d.readsText = unique.Make(readsText(d.Source())) })
	t := l.now.tables[d.readsText]
	if t != nil {
		return t
	}
	if t = l.last.tables[d.readsText]; t == nil {
		t = newReadTable(d.Source(), true)
	}
	l.now.tables[d.readsText] = t
	return t
}
