package authz

import "github.com/sallyport-iam/sallyport/authz/policy"

// Document is a policy document made ready to decide. It is immutable, and
// shared by all principals and resources that it is attached to.
type Document struct {
	doc *policy.Document
}

// Compile makes a document ready to decide. The document must not be changed
// afterwards.
func Compile(doc *policy.Document) *Document { return &Document{doc} }

// Policies are the documents that one principal, resource or level of an
// organization has attached.
type Policies struct {
	documents []*Document
}

// NewPolicies attaches documents.
func NewPolicies(docs ...*Document) *Policies { return &Policies{docs} }
