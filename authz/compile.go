package authz

import (
	"github.com/sallyport-iam/sallyport/authz/internal/index"
	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// Document is a policy document made ready to decide. It is immutable, and
// shared by all principals and resources that it is attached to.
type Document struct {
	source     *policy.Document
	statements []statement
	// denies and allows find the statements of each effect by action.
	denies, allows index.Index
	// reads is what the statements read; nil if they read nothing.
	reads *layerReads
}

// statement is a compiled statement. Its action elements are in the index.
type statement struct {
	where Statement
	deny  bool
	// bindsAll is set where the kind of document has no principals.
	bindsAll                  bool
	principals, notPrincipals []principal
	// anyResource is set where the document may leave Resource out, and does.
	anyResource             bool
	resources, notResources []pattern.Pattern
	conditions              []condition
}

// Compile makes a document ready to decide. The document must not be changed
// afterwards. It is meant for what policy.Parse returns; of a document made by
// hand, what Parse would have rejected matches nothing.
func Compile(doc *policy.Document) *Document {
	d := &Document{source: doc, statements: make([]statement, len(doc.Statements))}
	for i := range doc.Statements {
		s := &doc.Statements[i]
		d.statements[i] = compileStatement(doc, s)
		if s.Effect == policy.Deny {
			d.denies.Add(i, s)
		} else {
			d.allows.Add(i, s)
		}
	}
	d.reads = documentReads(doc)
	return d
}

// Source is the document that was compiled.
func (d *Document) Source() *policy.Document { return d.source }

func compileStatement(doc *policy.Document, s *policy.Statement) statement {
	st := statement{
		where: Statement{
			Policy: doc.Name, Sid: s.Sid, File: doc.File,
			Index: s.Index, Line: s.Line, Column: s.Column,
		},
		deny:         s.Effect == policy.Deny,
		resources:    compileResources(doc, s.Resources),
		notResources: compileResources(doc, s.NotResources),
		conditions:   make([]condition, len(s.Conditions)),
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
	return st
}

func compileResources(doc *policy.Document, values []policy.Value) []pattern.Pattern {
	list := make([]pattern.Pattern, len(values))
	for i, v := range values {
		list[i] = pattern.Resource(v.Text, doc.HasVariables(), doc.Kind.CompletesARNs())
	}
	return list
}

// Policies are the documents that one principal, resource or level of an
// organization has attached. Their order means nothing for what is decided.
type Policies struct {
	documents []*Document
	// identity is a number that no other Policies of the process has or gets;
	// that of the zero value is 0.
	identity uint64
	reads    *layerReads
}

// NewPolicies attaches documents.
func NewPolicies(docs ...*Document) *Policies {
	return &Policies{docs, lastPolicies.Add(1), attachedReads(docs)}
}

// Documents are the documents that are attached; of a nil Policies, none.
func (p *Policies) Documents() []*Document {
	if p == nil {
		return nil
	}
	return p.documents
}
