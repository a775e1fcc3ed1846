package authz

import (
	"slices"
	"sync"
	"sync/atomic"
	"unique"
	"unsafe"

	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// lastDocument and lastPolicies are the numbers that were given last.
var lastDocument, lastPolicies atomic.Uint64

// Document is a policy document made ready to decide. It is immutable, and
// shared by all principals and resources that it is attached to.
type Document struct {
	source source
	// number is one that no other Document of the process has or gets.
	number     uint64
	statements []statement
	// unindexed counts the statements that no index narrows.
	unindexed int
	// searches is the sum of what the patterns search for.
	searches int
	// own is the segment of the document alone, once it is needed.
	own  segment
	once sync.Once
	// reading is set if the statements read anything. What they read is ownReads, of the
	// document alone, and readsText, by which others are known that read the same: each
	// once it is needed.
	reading   bool
	ownReads  *layerReads
	readsOnce sync.Once
	readsText unique.Handle[string]
	textOnce  sync.Once
}

// statement is a compiled statement.
type statement struct {
	where      Statement
	actions    *actionList // that other statements may have, too
	resources  resourceList
	conditions []condition
	// bound are those whom the statement binds; nil where the kind of document has no
	// principals, and it binds all.
	bound *bound
	// cost is about what it takes to try the statement, but for its conditions.
	cost int32
	deny bool
	// notActions and notResources are set if none of the actions or resources
	// may match.
	notActions, notResources bool
	// anyResource is set where the document may leave Resource out, and does.
	anyResource bool
}

// bound are the principals of a statement.
type bound struct{ principals, notPrincipals []principal }

// Compile makes a document ready to decide. The document must not be changed
// afterwards. It is meant for what policy.Parse returns; of a document made by
// hand, what Parse would have rejected matches nothing.
func Compile(doc *policy.Document) *Document {
	d := &Document{number: lastDocument.Add(1), statements: make([]statement, len(doc.Statements))}
	d.source.parsed.Store(doc)
	c := newCompiler(doc)
	for i := range doc.Statements {
		c.compile(&doc.Statements[i], &d.statements[i])
		if d.statements[i].isUnindexed() {
			d.unindexed++
		}
		d.searches += d.statements[i].searches()
	}
	c.pack(d.statements)
	d.reading = slices.ContainsFunc(doc.Statements, func(s policy.Statement) bool { return len(readsOf(doc, &s).reads) > 0 })
	return d
}

// searches is the sum of what the patterns of the statement search for.
func (s *statement) searches() int {
	n := 0
	add := func(patterns []pattern.Pattern) {
		for i := range patterns {
			n += patterns[i].Searches()
		}
	}
	add(s.resources.patterns)
	for _, p := range s.actions.patterns {
		n += p.Searches()
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		add(c.fixed.patterns)
		add(c.variable)
		for j := range c.variable {
			if n += variableSearches; c.variable[j].Moves() {
				n += movedSearches
			}
		}
	}
	return n
}

// What it costs beside its variables to compare with a condition's value that has
// some, which no index narrows, in searches: to come to it and compare it, as long
// as the head of a request can make it; and to find the fields of an ARN which the
// values move.
const (
	variableSearches = 3
	movedSearches    = 250
)

// segment is the segment of the document alone.
func (d *Document) segment() *segment {
	d.once.Do(func() { d.own.fill(d) })
	return &d.own
}

// Policies are the documents that one principal, resource or level of an
// organization has attached. Their order means nothing for what is decided.
type Policies struct {
	// heaviest is about the most that looking through them can cost. It comes first
	// with what else every decision reads, found or made.
	heaviest int
	// identity is a number that no other Policies of the process has or gets;
	// that of the zero value is 0.
	identity uint64
	reads    *layerReads

	segments  []*segment
	documents []*Document
}

// NewPolicies attaches documents. Use a Library where many principals share
// documents.
func NewPolicies(docs ...*Document) *Policies { return new(Library).Policies(docs...) }

// Attach attaches documents to one caller alone, such as those of a session: nothing
// of them is copied, so that it is quick and takes little memory. Each is searched by
// itself, at the price of some 20 ns.
func Attach(docs ...*Document) *Policies {
	segments := make([]*segment, len(docs))
	for i, d := range docs {
		segments[i] = d.segment()
	}
	return newPolicies(slices.Clone(docs), segments, joinedReads(reading(docs)))
}

// single are Policies of one document, as most are: one piece of memory.
type single struct {
	Policies
	document [1]*Document
	segment  [1]*segment
}

func newPolicies(docs []*Document, segments []*segment, reads *layerReads) *Policies {
	var p *Policies
	if len(docs) == 1 && len(segments) == 1 {
		s := &single{document: [1]*Document{docs[0]}, segment: [1]*segment{segments[0]}}
		p, docs, segments = &s.Policies, s.document[:], s.segment[:]
	} else {
		p = new(Policies)
	}
	p.documents, p.segments, p.identity, p.reads = docs, segments, lastPolicies.Add(1), reads
	for _, s := range segments {
		p.heaviest += s.heaviest
	}
	return p
}

// Documents are the documents that are attached; of a nil Policies, none.
func (p *Policies) Documents() []*Document {
	if p == nil {
		return nil
	}
	return p.documents
}

// OwnBytes is about how much memory the set takes that its documents do not: for
// copies of small ones, and for what several of them read. A set that is made for
// one caller alone takes as much for each.
func (p *Policies) OwnBytes() int {
	if p == nil {
		return 0
	}
	n := 256 + 16*len(p.documents)
	for _, s := range p.copies() {
		n += len(s.copied)*8 + s.denies.Bytes() + s.allows.Bytes()
	}
	if p.reads != nil && len(p.reads.tables) > 1 {
		for _, t := range p.reads.tables {
			n += mostKept * t.size * int(unsafe.Sizeof(read{}))
		}
	}
	return n
}

// copies are the segments of several documents: those of small ones come first,
// and then there is one of all large ones, or one of each.
func (p *Policies) copies() []*segment {
	if len(p.segments) == len(p.documents) {
		return nil
	}
	small := 0
	for _, d := range p.documents {
		if len(d.statements) <= smallDocument {
			small++
		}
	}
	var list []*segment
	rest := p.segments
	if small > 0 {
		if rest = rest[1:]; small > 1 {
			list = append(list, p.segments[0])
		}
	}
	if len(rest) == 1 && len(p.documents)-small > 1 {
		list = append(list, rest[0])
	}
	return list
}

// Unindexed counts the statements that every decision looks at, whatever its
// action and resource: those that begin with a wildcard in both elements, or
// name what they do not bind. The cost of a decision grows with them.
func (p *Policies) Unindexed() int {
	n := 0
	for _, d := range p.Documents() {
		n += d.unindexed
	}
	return n
}

// Searches counts what a decision may have to search a text for: the policy
// variables in resources and conditions; the words of up to 32 bytes and question
// marks between two wildcards of their patterns, and thrice the wildcards among
// them that stay in a field of an ARN; the wildcards of actions, unless all that is
// wild is the end; and 3 for each value of a condition that has policy variables,
// and 250 more if it is an ARN that has one before its last field. Each takes up to
// some 0.1 µs in a text of a KiB, if all of them can match so far that it is come
// to: those of a condition for each value that the request has of its key.
func (p *Policies) Searches() int {
	n := 0
	for _, d := range p.Documents() {
		n += d.searches
	}
	return n
}
