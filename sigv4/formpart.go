package sigv4

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/wire"
)

// formPart is the header of a part.
type formPart struct {
	name        string // in lower case
	filename    string // as sent
	hasFilename bool
	length      int64 // as a Content-Length in the part's header says; -1 if none does
}

// isFile tells the file of a form from a field: by its name alone, since
// clients send a filename with fields too.
func (p *formPart) isFile() bool { return p.name == "file" || p.name == "content" }

// parsePart reads the header of a part without the empty line.
func parsePart(text string) (*formPart, error) {
	p := &formPart{length: -1}
	disposition, contentType := false, false
	for more := true; more; {
		var line string
		line, text, more = strings.Cut(text, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		value = trimBlanks(value)
		if !wire.IsToken(name) || !wire.IsFieldValue(value) {
			return nil, errMalformedForm("A line of a part's header is no header field.")
		}
		switch name = lowerASCII(name); {
		case name == "content-disposition" && !disposition:
			disposition = true
			if refusal := p.readDisposition(value); refusal != nil {
				return nil, refusal
			}
		case name == "content-type" && !contentType:
			contentType = true
			if kind, _, _ := strings.Cut(value, "/"); strings.EqualFold(trimBlanks(kind), "multipart") {
				return nil, errMalformedForm("A part is multipart itself: send each file in a form of its own.")
			}
		case name == "content-length" && p.length < 0:
			n, err := strconv.ParseUint(value, 10, 63)
			if err != nil || !areDigits(value) {
				return nil, errMalformedForm("The Content-Length of a part is no number.")
			}
			p.length = int64(n)
		default:
			return nil, errMalformedForm("The header of a part may hold Content-Disposition, Content-Type and Content-Length, each once: not " + name + ".")
		}
	}
	if p.name == "" {
		return nil, errMalformedForm("A part has no name.")
	}
	return p, nil
}

// readDisposition reads form-data with a name and, maybe, a filename.
func (p *formPart) readDisposition(value string) *wire.Refusal {
	kind, params, more := strings.Cut(value, ";")
	if !strings.EqualFold(trimBlanks(kind), "form-data") {
		return errMalformedForm("The Content-Disposition of a part is not form-data.")
	}
	for more {
		var name, text string
		var ok bool
		if name, text, params, more, ok = cutParam(params); !ok {
			return errMalformedForm("The Content-Disposition of a part cannot be read.")
		}
		switch {
		case name == "name" && p.name == "" && wire.IsToken(text):
			p.name = lowerASCII(text)
		case name == "filename" && !p.hasFilename && utf8.ValidString(text):
			p.filename, p.hasFilename = text, true
		default:
			return errMalformedForm(`The Content-Disposition of a part may hold name="..." and filename="...", each once: no other parameter (filename* is none of RFC 7578), no name that is not a token.`)
		}
	}
	return nil
}

// cutParam cuts "name=value" off a list of parameters; name is in lower case.
// A backslash in a quoted value is itself: browsers quote nothing with it, and
// Amazon S3 takes it for a separator of paths. Where quoting would matter, at a
// quotation mark, the value is refused.
func cutParam(list string) (name, value, rest string, more, ok bool) {
	name, rest, ok = strings.Cut(trimBlanks(list), "=")
	if !ok || !wire.IsToken(name) {
		return "", "", "", false, false
	}
	name = lowerASCII(name)
	if !strings.HasPrefix(rest, `"`) {
		value, rest, more = strings.Cut(rest, ";")
		value = trimBlanks(value)
		return name, value, rest, more, wire.IsToken(value)
	}
	value, rest, ok = strings.Cut(rest[1:], `"`)
	if !ok || (len(value)-len(strings.TrimRight(value, `\`)))%2 == 1 {
		return "", "", "", false, false
	}
	rest = trimBlanks(rest)
	if rest == "" {
		return name, value, "", false, true
	}
	return name, value, rest[1:], true, rest[0] == ';'
}

// formBoundary reads the boundary from a Content-Type of multipart/form-data.
// https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
func formBoundary(contentType string) (string, *wire.Refusal) {
	boundary, charset := "", ""
	_, params, more := strings.Cut(contentType, ";")
	for more {
		var name, value string
		var ok bool
		if name, value, params, more, ok = cutParam(params); !ok {
			return "", errMalformedForm("The parameters of its Content-Type cannot be read.")
		}
		switch {
		case name == "boundary" && boundary == "" && isBoundary(value):
			boundary = value
		case name == "charset" && charset == "" && strings.EqualFold(value, "utf-8"):
			charset = value
		default:
			return "", errMalformedForm("Its Content-Type may hold one boundary, of 1 to 70 characters of RFC 2046, and charset=utf-8.")
		}
	}
	if boundary == "" {
		return "", errMalformedForm("Its Content-Type holds no boundary.")
	}
	return boundary, nil
}

func isBoundary(s string) bool {
	if s == "" || len(s) > 70 || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && strings.IndexByte("'()+_,-./:=? ", c) < 0 {
			return false
		}
	}
	return true
}

// isMultipart tells whether a Content-Type is multipart/form-data.
func isMultipart(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(trimBlanks(kind), "multipart/form-data")
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// lowerASCII is s with A to Z in lower case. Unlike strings.ToLower it makes
// no ASCII letter of another one.
func lowerASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
