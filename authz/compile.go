package authz

import (
	"sync"

	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// Document is a policy document made ready to decide. It is immutable, and
// shared by all principals and resources that it is attached to.
type Document struct {
	source     *policy.Document
	statements []statement
	// unindexed counts the statements that no index narrows.
	unindexed int
	// searches is the sum of what the patterns search for.
	searches int
	// own is the segment of the document alone, once it is needed.
	own  *segment
	once sync.Once
	// reads is what the statements read; nil if they read nothing.
	reads *layerReads
}

// statement is a compiled statement.
type statement struct {
	where Statement
	deny  bool
	// notActions and notResources are set if none of the actions or resources
	// may match.
	notActions, notResources bool
	actions                  actionList
	resources                resourceList
	// bindsAll is set where the kind of document has no principals.
	bindsAll                  bool
	principals, notPrincipals []principal
	// anyResource is set where the document may leave Resource out, and does.
	anyResource bool
	conditions  []condition
	// cost is about what it takes to try the statement, but for its conditions.
	cost int
}

// Compile makes a document ready to decide. The document must not be changed
// afterwards. It is meant for what policy.Parse returns; of a document made by
// hand, what Parse would have rejected matches nothing.
func Compile(doc *policy.Document) *Document {
	d := &Document{source: doc, statements: make([]statement, len(doc.Statements))}
	for i := range doc.Statements {
		d.statements[i] = compileStatement(doc, &doc.Statements[i])
		if d.statements[i].isUnindexed() {
			d.unindexed++
		}
		d.searches += d.statements[i].searches()
	}
	d.reads = documentReads(doc)
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
		each := variableSearches
		switch {
		case c.fold():
			each = foldedSearches
		case c.arn():
			each = arnSearches
		}
		n += each * len(c.variable)
	}
	return n
}

// What it costs to compare with a condition's value that has policy variables,
// which no index narrows, in searches: to find the values of the variables and
// compare them, as long as the head of a request can make them; to find the fields
// of an ARN which the values move; and to compare without regard to case,
// character by character.
const (
	variableSearches = 4
	arnSearches      = 20
	foldedSearches   = 200
)

// segment is the segment of the document alone.
func (d *Document) segment() *segment {
	d.once.Do(func() { d.own = newWeighedSegment(d) })
	return d.own
}

// Source is the document that was compiled.
func (d *Document) Source() *policy.Document { return d.source }

func compileStatement(doc *policy.Document, s *policy.Statement) statement {
	st := statement{
		where: Statement{
			Policy: doc.Name, Sid: s.Sid, File: doc.File,
			Index: s.Index, Line: s.Line, Column: s.Column,
		},
		deny: s.Effect == policy.Deny,
		// An empty list gives the statement no effect, of whichever kind.
		notActions:   len(s.NotActions) > 0,
		notResources: len(s.NotResources) > 0,
		conditions:   make([]condition, len(s.Conditions)),
	}
	if st.actions = compileActions(s.Actions); st.notActions {
		st.actions = compileActions(s.NotActions)
	}
	if st.resources = compileResources(doc, s.Resources); st.notResources {
		st.resources = compileResources(doc, s.NotResources)
	}
	if s.Resources == nil && s.NotResources == nil {
		st.anyResource = doc.Kind == policy.Resource || doc.Kind == policy.Trust
	}
	if doc.Kind.HasPrincipals() {
		st.principals = compilePrincipals(s.Principals)
		if st.deny {
			st.notPrincipals = compilePrincipals(s.NotPrincipals)
		}
	} else {
		st.bindsAll = true
	}
	for i := range s.Conditions {
		st.conditions[i] = compileCondition(doc, &s.Conditions[i])
	}
	st.cost = st.tryingCost(s)
	return st
}

func compileResources(doc *policy.Document, values []policy.Value) resourceList {
	list := make([]pattern.Pattern, len(values))
	for i, v := range values {
		list[i] = pattern.Resource(v.Text, doc.HasVariables(), doc.Kind.CompletesARNs())
	}
	return newResourceList(list)
}

// Policies are the documents that one principal, resource or level of an
// organization has attached. Their order means nothing for what is decided.
type Policies struct {
	documents []*Document
	segments  []*segment
	// identity is a number that no other Policies of the process has or gets;
	// that of the zero value is 0.
	identity uint64
	reads    *layerReads
	// heaviest is about the most that looking through them can cost.
	heaviest int
}

// NewPolicies attaches documents. Use a Library where many principals share
// documents.
func NewPolicies(docs ...*Document) *Policies { return new(Library).Policies(docs...) }

// Documents are the documents that are attached; of a nil Policies, none.
func (p *Policies) Documents() []*Document {
	if p == nil {
		return nil
	}
	return p.documents
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

// Searches counts what a decision may have to search a text for: the words of up
// to 32 bytes, policy variables and question marks between two wildcards of the
// patterns of resources and conditions, and thrice the wildcards among them that
// stay in a field of an ARN; the wildcards of actions, unless all that is wild is
// the end; and 4 for each value of a condition that has policy variables, 20 if
// it is an ARN and 200 if it is compared without regard to case. Each takes up to
// some 0.1 µs in a text of a KiB, if all of them can match so far that it is come
// to.
func (p *Policies) Searches() int {
	n := 0
	for _, d := range p.Documents() {
		n += d.searches
	}
	return n
}
