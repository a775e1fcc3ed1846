package policy

// Parse reads a policy document of a kind. file names the text in findings.
// All findings are returned, in the order of the text. If one of them is an
// Error the document is nil: a document is used whole or not at all.
func Parse(kind Kind, file string, text []byte) (*Document, []Finding) {
	return ParseString(kind, file, string(text))
}

// ParseString is Parse for a string, of which the strings of the document are parts.
func ParseString(kind Kind, file, text string) (*Document, []Finding) {
	r := &reader{file: file, kind: kind}
	doc := r.document(text)
	return doc, r.findings
}
