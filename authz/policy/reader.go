package policy

import (
	"fmt"
	"sort"
	"unicode/utf8"
)

// maxFindings bounds what is said about one text: so many of each
// severity.
const maxFindings = 1000

// reader turns the JSON tree of a document into a Document and says what is
// wrong with it.
type reader struct {
	file     string
	kind     Kind
	version  string
	findings []Finding
	said     [Note + 1]int
	guesses  int
	sids     map[string]Position
}

func (r *reader) add(severity Severity, at Position, code, message, remedy string) {
	if r.said[severity]++; r.said[severity] <= maxFindings {
		r.findings = append(r.findings, Finding{r.file, at.Line, at.Column, severity, code, message, remedy})
	}
}

func (r *reader) error(at Position, code, message, remedy string) {
	r.add(Error, at, code, message, remedy)
}

func (r *reader) warn(at Position, code, message, remedy string) {
	r.add(Warning, at, code, message, remedy)
}

func (r *reader) note(at Position, code, message, remedy string) {
	r.add(Note, at, code, message, remedy)
}

// document reads the text; nil if it is rejected.
func (r *reader) document(text string) *Document {
	doc := r.read(text)
	sort.SliceStable(r.findings, func(i, j int) bool {
		a, b := &r.findings[i], &r.findings[j]
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	if HasErrors(r.findings) {
		return nil
	}
	return doc
}

func (r *reader) read(text string) *Document {
	start := Position{1, 1}
	if int(r.kind) >= len(kindNames) {
		r.error(start, "INVALID_POLICY_KIND", r.kind.String(), "name one of the kinds")
		return nil
	}
	if len(text) > MaxLength {
		r.error(start, "POLICY_TOO_LONG", fmt.Sprintf("the text has %d bytes, more than %d", len(text), MaxLength), "split the policy")
		return nil
	}
	if !r.encoding(text) {
		return nil
	}
	d := desks.Get().(*desk)
	defer d.clean()
	s := scanner{text: text, Position: start, desk: d, duplicate: func(first, again Position, name string) {
		r.error(again, "DUPLICATE_ELEMENT", fmt.Sprintf("%q stands twice in one object, first on line %d", name, first.Line), "keep one of them")
	}}
	root, err := s.document()
	if err != nil {
		r.error(err.Position, "JSON_SYNTAX_ERROR", err.message, err.remedy)
		return nil
	}
	if root.kind != nodeObject {
		r.error(root.Position, "JSON_SYNTAX_ERROR", "the document is "+nodeNames[root.kind], `write an object: {"Version": "2012-10-17", "Statement": […]}`)
		return nil
	}
	doc := r.topLevel(&root)
	r.sizes(doc, text)
	return doc
}

// encoding reports what the text's bytes alone tell.
func (r *reader) encoding(text string) bool {
	const bom = "\uFEFF"
	if len(text) >= len(bom) && text[:len(bom)] == bom {
		r.error(Position{1, 1}, "JSON_SYNTAX_ERROR", "the text begins with a byte-order mark", "save it as UTF-8 without one")
		return false
	}
	at := Position{1, 1}
	strange := 0
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		if c == utf8.RuneError && size == 1 {
			r.error(at, "JSON_SYNTAX_ERROR", "the text is not UTF-8", "save it as UTF-8")
			return false
		}
		if c > 0xFF && r.iam() {
			if strange++; strange == 1 {
				r.error(at, "INVALID_CHARACTER", fmt.Sprintf("%q is not allowed in an IAM policy, which ends at U+00FF", c), `write \u and its four hex digits, or another character`)
			}
		}
		i += size
		at.Column++
		if c == '\n' || c == '\r' && (i == len(text) || text[i] != '\n') {
			at = Position{at.Line + 1, 1}
		}
	}
	return true
}

// iam tells whether the IAM API takes documents of the kind, whose rules on
// characters and Sids are narrower than those of services.
func (r *reader) iam() bool {
	switch r.kind {
	case Identity, Boundary, Session, Trust:
		return true
	default:
		return false
	}
}
