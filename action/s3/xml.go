package s3

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// document reads an XML document from front to back. It knows the part of XML
// that S3 clients and stores write, and that all parsers read alike: elements
// without prefix, text, the five predefined entities and character references,
// one root. It has no DTD, comments, CDATA sections, processing instructions,
// and no white space but between elements and in texts, which is kept.
//
// The first error sticks: later reads find nothing, and end returns it.
type document struct {
	src     string
	pos     int
	open    []string // names of the elements that are open
	answer  bool     // a store's answer: attributes of any name pass
	emptied bool     // the element just opened was <name/>
	start   int      // of the element that child returned last
	err     error
}

// maxDepth bounds the nesting of elements.
const maxDepth = 16

// syntaxError tells where a document is not what it must be.
type syntaxError struct {
	offset int
	what   string
}

func (e *syntaxError) Error() string { return e.what + " at byte " + strconv.Itoa(e.offset) }

func (d *document) fail(what string) {
	if d.err == nil {
		d.err = &syntaxError{d.pos, what}
	}
}

// root reads the declaration, if there is one, and opens the root element.
func (d *document) root() (name string) {
	if !utf8.ValidString(d.src) {
		d.fail("bytes that are not UTF-8")
		return ""
	}
	d.space()
	if rest, ok := strings.CutPrefix(d.src[d.pos:], "<?xml"); ok {
		end := strings.Index(rest, "?>")
		if end < 0 || !validDeclaration(rest[:end]) {
			d.fail("an XML declaration that is not of version 1.0 in UTF-8")
			return ""
		}
		d.pos += len("<?xml") + end + len("?>")
		d.space()
	}
	return d.openElement()
}

// validDeclaration checks the pseudo-attributes of an XML declaration.
func validDeclaration(s string) bool {
	s = strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(s, "'", `"`)), " "))
	s, ok := strings.CutPrefix(s, `version="1.0"`)
	if !ok {
		return false
	}
	s = strings.TrimPrefix(s, ` encoding="utf-8"`)
	s = strings.TrimPrefix(s, ` standalone="yes"`)
	s = strings.TrimPrefix(s, ` standalone="no"`)
	return s == ""
}

// rootNamed opens a root element that must have the name.
func (d *document) rootNamed(name string) {
	if got := d.root(); d.err == nil && got != name {
		d.fail("the root element is not " + name)
	}
}

// child opens the next element within the one that is open. If there is none,
// it closes that one and returns false. Text is not allowed beside elements.
func (d *document) child() (name string, ok bool) {
	if d.err != nil {
		return "", false
	}
	if d.emptied {
		d.closeElement()
		return "", false
	}
	d.space()
	switch {
	case strings.HasPrefix(d.src[d.pos:], "</"):
		d.closeTag()
		return "", false
	case d.pos < len(d.src) && d.src[d.pos] == '<':
		name = d.openElement()
		return name, d.err == nil
	}
	d.fail("text where an element is expected")
	return "", false
}

// text reads the text of the element that is open, which must hold nothing
// else, and closes it.
func (d *document) text() string {
	if d.err != nil {
		return ""
	}
	if d.emptied {
		d.closeElement()
		return ""
	}
	end := strings.IndexByte(d.src[d.pos:], '<')
	if end < 0 {
		d.fail("an element that is not closed")
		return ""
	}
	raw := d.src[d.pos : d.pos+end]
	s, ok := unescapeXML(raw)
	if !ok || strings.IndexByte(raw, '\r') >= 0 { // parsers turn a raw CR into LF
		d.fail("a character or an entity that is not allowed in text")
		return ""
	}
	d.pos += end
	d.closeTag()
	return s
}

// skip reads over what the element that is open holds, and closes it.
func (d *document) skip() {
	depth := len(d.open)
	for d.err == nil && len(d.open) >= depth {
		if d.emptied {
			d.closeElement()
			continue
		}
		end := strings.IndexByte(d.src[d.pos:], '<')
		if end < 0 {
			d.fail("an element that is not closed")
			return
		}
		if _, ok := unescapeXML(d.src[d.pos : d.pos+end]); !ok {
			d.fail("a character or an entity that is not allowed in text")
			return
		}
		d.pos += end
		if strings.HasPrefix(d.src[d.pos:], "</") {
			d.closeTag()
		} else {
			d.openElement()
		}
	}
}

// unknown refuses the element that is open.
func (d *document) unknown(name string) { d.fail("the element " + name + " is not known here") }

// once refuses an element that was seen before.
func (d *document) once(seen *bool, name string) {
	if *seen {
		d.fail("the element " + name + " is given more than once")
	}
	*seen = true
}

// end checks that nothing follows the root, and returns the first error.
func (d *document) end() error {
	if d.err == nil {
		if d.space(); d.pos != len(d.src) || len(d.open) != 0 {
			d.fail("something after the root element")
		}
	}
	return d.err
}

func (d *document) space() {
	for d.pos < len(d.src) && isXMLSpace(d.src[d.pos]) {
		d.pos++
	}
}

// openElement reads a start tag or an empty-element tag.
func (d *document) openElement() string {
	d.start = d.pos
	if d.pos >= len(d.src) || d.src[d.pos] != '<' {
		d.fail("no element")
		return ""
	}
	d.pos++
	name := d.name(false)
	if name == "" {
		d.fail("something that is not an element")
		return ""
	}
	if len(d.open) == maxDepth {
		d.fail("elements that are nested too deep")
		return ""
	}
	d.open = append(d.open, name)
	for seen := ""; ; {
		before := d.pos
		d.space()
		switch {
		case strings.HasPrefix(d.src[d.pos:], "/>"):
			d.pos += 2
			d.emptied = true
			return name
		case strings.HasPrefix(d.src[d.pos:], ">"):
			d.pos++
			return name
		case before == d.pos:
			d.fail("a tag that is not closed")
			return ""
		}
		attribute := d.attribute()
		if d.err != nil {
			return ""
		}
		if strings.Contains(seen, " "+attribute+" ") {
			d.fail("an attribute that is given more than once")
			return ""
		}
		seen += " " + attribute + " "
	}
}

// attribute reads one attribute and returns its name. Of a request, only a
// namespace of the root and what a Grantee has pass: parsers that mind
// namespaces would not see an element of a namespace of its own.
func (d *document) attribute() string {
	name := d.name(true)
	element := d.open[len(d.open)-1]
	switch {
	case name == "":
		d.fail("something that is not an attribute")
	case d.answer:
	case len(d.open) == 1 && (name == "xmlns" || name == "xmlns:xsi"):
	case element == "Grantee" && (name == "xmlns:xsi" || name == "xsi:type"):
	default:
		d.fail("the attribute " + name + " is not known here")
	}
	d.space()
	if !d.literal('=') {
		return ""
	}
	d.space()
	if d.pos >= len(d.src) || d.src[d.pos] != '"' && d.src[d.pos] != '\'' {
		d.fail("an attribute without a quoted value")
		return ""
	}
	quote := d.src[d.pos]
	end := strings.IndexByte(d.src[d.pos+1:], quote)
	if end < 0 || !isPlainXML(d.src[d.pos+1:d.pos+1+end]) {
		d.fail("an attribute whose value is not plain")
		return ""
	}
	d.pos += end + 2
	return name
}

// isPlainXML tells whether a value stands for itself.
func isPlainXML(value string) bool {
	_, ok := unescapeXML(value)
	return ok && !strings.ContainsAny(value, "<&")
}

func (d *document) literal(c byte) bool {
	if d.err != nil || d.pos >= len(d.src) || d.src[d.pos] != c {
		d.fail("a tag that is not well-formed")
		return false
	}
	d.pos++
	return true
}

// name reads a name; "" if there is none. Elements have no prefix.
func (d *document) name(colon bool) string {
	start := d.pos
	for ; d.pos < len(d.src); d.pos++ {
		c := d.src[d.pos]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		later := '0' <= c && c <= '9' || c == '-' || c == '.' || colon && c == ':'
		if !letter && (!later || d.pos == start) {
			break
		}
	}
	return d.src[start:d.pos]
}

// closeTag reads the end tag of the element that is open.
func (d *document) closeTag() {
	if !strings.HasPrefix(d.src[d.pos:], "</") {
		d.fail("an element where text ends")
		return
	}
	d.pos += len("</")
	if name := d.name(false); len(d.open) == 0 || name != d.open[len(d.open)-1] {
		d.fail("an end tag that closes nothing")
		return
	}
	if d.space(); d.literal('>') {
		d.closeElement()
	}
}

func (d *document) closeElement() {
	d.emptied = false
	d.open = d.open[:len(d.open)-1]
}

func isXMLSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
