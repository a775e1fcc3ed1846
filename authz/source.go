package authz

import (
	"sync/atomic"
	"weak"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// source is the document that was compiled: parsed, or the text that it can be parsed
// from again.
type source struct {
	// parsed is nil once it was released; again is what the text was parsed to since,
	// as long as anybody has it.
	parsed atomic.Pointer[policy.Document]
	again  atomic.Pointer[weak.Pointer[policy.Document]]
	// kind, name, file and text are what to parse; text is empty of a document that
	// Compile was given.
	kind             policy.Kind
	name, file, text string
}

// Parse reads a policy document and makes it ready to decide: it is policy.Parse and
// Compile in one, and name becomes the name of the document. Beside the text, what was
// parsed need not be kept: see Release. If a finding is an Error the document is nil.
func Parse(kind policy.Kind, name, file, text string) (*Document, []policy.Finding) {
	doc, findings := policy.ParseString(kind, file, text)
	if doc == nil {
		return nil, findings
	}
	doc.Name = name
	d := Compile(doc)
	d.source.kind, d.source.name, d.source.file, d.source.text = kind, name, file, text
	return d, findings
}

// Release lets go of the parsed document, which takes more memory than what is needed
// to decide: Source parses the text again. It does nothing to a Document that Parse has
// not made. It may be called while others use the Document.
func (d *Document) Release() {
	if d.source.text != "" {
		d.source.parsed.Store(nil)
	}
}

// ReadsKeys tells whether a statement of the document reads a condition key, in a
// condition or as a policy variable.
func (d *Document) ReadsKeys() bool { return d.reading }

// Source is the document that was compiled; it must not be changed. After Release it is
// parsed anew, unless somebody still has what it was parsed to before.
func (d *Document) Source() *policy.Document {
	s := &d.source
	if doc := s.parsed.Load(); doc != nil {
		return doc
	}
	if again := s.again.Load(); again != nil {
		if doc := again.Value(); doc != nil {
			return doc
		}
	}
	doc, _ := policy.ParseString(s.kind, s.file, s.text) // which it was once without an error
	doc.Name = s.name
	again := weak.Make(doc)
	s.again.Store(&again)
	return doc
}
