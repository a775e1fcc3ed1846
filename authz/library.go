package authz

import "encoding/binary"

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
type Library struct {
	numbers  map[*Document]uint32
	segments map[string]*segment
	reads    map[string]*layerReads
	// text counts the statements of all documents seen, merged those that were
	// copied into segments of several large documents.
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

// Policies attaches documents. Documents gives them back in an order of its
// own: small ones first.
func (l *Library) Policies(docs ...*Document) *Policies {
	if l.numbers == nil {
		l.numbers, l.segments = map[*Document]uint32{}, map[string]*segment{}
	}
	var small, large []*Document
	copies := 0
	for _, d := range docs {
		if _, ok := l.numbers[d]; !ok {
			l.numbers[d] = uint32(len(l.numbers))
			l.text += len(d.statements)
		}
		if len(d.statements) <= smallDocument {
			small = append(small, d)
		} else {
			large = append(large, d)
			copies += len(d.statements)
		}
	}
	p := &Policies{identity: lastPolicies.Add(1), reads: l.attachedReads(docs)}
	p.documents = append(small[:len(small):len(small)], large...)
	p.segments = l.attachedSegments(small, large, copies)
	for _, s := range p.segments {
		p.heaviest += s.heaviest
	}
	return p
}

func (l *Library) attachedSegments(small, large []*Document, copies int) []*segment {
	var segments []*segment
	if len(small) > 0 {
		segments = append(segments, l.segment(small, 0))
	}
	if len(large) > fewSegments {
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
	key := make([]byte, 0, 4*len(docs))
	for _, d := range docs {
		key = binary.BigEndian.AppendUint32(key, l.numbers[d])
	}
	if s := l.segments[string(key)]; s != nil {
		return s
	}
	if l.merged+copies > mostCopies*l.text {
		return nil
	}
	l.merged += copies
	s := newWeighedSegment(docs...)
	l.segments[string(key)] = s
	return s
}
