package sigv4

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sallyport-iam/sallyport/wire"
)

const (
	lowerHex = "0123456789abcdef"
	upperHex = "0123456789ABCDEF"

	scopeTerminator = "aws4_request"
	// timestampFormat is ISO 8601 in its basic form.
	timestampFormat = "20060102T150405Z"
)

// scratch is the working space of one verification or signing; it is pooled,
// so that neither allocates for what it only computes.
type scratch struct {
	hash hash.Hash
	// order are the indices of the fields, sorted by name and then by arrival.
	order []int32
	// canonical is the canonical request, toSign the string to sign.
	canonical, toSign []byte
	// signed is the list of signed names.
	signed []byte
	// escaped holds the encoded parameters that pairs point into.
	escaped []byte
	pairs   []pair
	path    []byte
	sum     []byte
}

// pair is an encoded parameter: [start,middle) is the name, [middle,end) the
// value.
type pair struct{ start, middle, end int }

var scratches = sync.Pool{New: func() any {
	return &scratch{
		hash:      sha256.New(),
		order:     make([]int32, 0, 32),
		canonical: make([]byte, 0, 2048),
		toSign:    make([]byte, 0, 256),
		signed:    make([]byte, 0, 256),
		sum:       make([]byte, 0, sha256.Size),
	}
}}

func newScratch() *scratch { return scratches.Get().(*scratch) }

// maxPooled bounds what a scratch may hold between requests.
const maxPooled = 64 << 10

func (s *scratch) release() {
	const order, pairs = 4, 24 // bytes of an element
	if cap(s.canonical)+cap(s.toSign)+cap(s.signed)+cap(s.escaped)+cap(s.path)+order*cap(s.order)+pairs*cap(s.pairs) <= maxPooled {
		scratches.Put(s)
	}
}

// sortFields sorts the fields by name; those of one name stay in the order of
// their arrival.
func (s *scratch) sortFields(fields wire.Fields) {
	s.order = s.order[:0]
	for i := range fields {
		s.order = append(s.order, int32(i))
	}
	if len(fields) > 32 {
		slices.SortStableFunc(s.order, func(a, b int32) int { return strings.Compare(fields[a].Name, fields[b].Name) })
		return
	}
	for i := 1; i < len(s.order); i++ {
		moving := s.order[i]
		name := fields[moving].Name
		j := i
		for ; j > 0 && name < fields[s.order[j-1]].Name; j-- {
			s.order[j] = s.order[j-1]
		}
		s.order[j] = moving
	}
}

// pathForm is one of the ways to write the path into a canonical request.
type pathForm uint8

const (
	pathAsSent    pathForm = iota // the raw path
	pathReencoded                 // decoded once and encoded by AWS's rules
)

// buildCanonical writes the canonical request of req into s.canonical. The
// fields are sorted in s.order, s.signed is the list of signed names. ok is
// false if a signed field did not arrive or cannot be written down in one way;
// such a request matches no signature.
func (s *scratch) buildCanonical(req *wire.Request, form pathForm, encodeTwice, presigned bool, payload string) (ok bool) {
	b := append(s.canonical[:0], req.Method...)
	b = append(b, '\n')
	b = s.appendPath(b, req.Path, form, encodeTwice)
	b = append(b, '\n')
	b = s.appendQuery(b, req.Query, presigned)
	b = append(b, '\n')
	b, ok = s.appendFields(b, req)
	b = append(b, '\n')
	b = append(b, s.signed...)
	b = append(b, '\n')
	b = append(b, payload...)
	s.canonical = b
	return ok
}

func (s *scratch) appendPath(b []byte, path string, form pathForm, encodeTwice bool) []byte {
	if path == "" {
		path = "/"
	}
	switch {
	case form == pathAsSent && !encodeTwice:
		return append(b, path...)
	case form == pathAsSent:
		return appendEscaped(b, path, true)
	}
	decoded, valid := wire.Unescape(path)
	if !valid {
		decoded = path
	}
	if !encodeTwice {
		return appendEscaped(b, decoded, true)
	}
	s.path = appendEscaped(s.path[:0], decoded, true)
	return appendEscaped(b, s.path, true)
}

// appendQuery writes the parameters, decoded once and encoded by AWS's rules,
// sorted by encoded name and then by encoded value.
func (s *scratch) appendQuery(b []byte, query wire.Query, presigned bool) []byte {
	if len(query) == 0 {
		return b
	}
	e, pairs := s.escaped[:0], s.pairs[:0]
	for i := range query {
		if presigned && query[i].Name == "X-Amz-Signature" {
			continue
		}
		var p pair
		p.start = len(e)
		e = appendEscaped(e, query[i].Name, false)
		p.middle = len(e)
		e = appendEscaped(e, query[i].Value, false)
		p.end = len(e)
		pairs = append(pairs, p)
	}
	s.escaped, s.pairs = e, pairs
	if len(pairs) > 1 {
		slices.SortFunc(pairs, func(x, y pair) int {
			if c := bytes.Compare(e[x.start:x.middle], e[y.start:y.middle]); c != 0 {
				return c
			}
			return bytes.Compare(e[x.middle:x.end], e[y.middle:y.end])
		})
	}
	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, e[p.start:p.middle]...)
		b = append(b, '=')
		b = append(b, e[p.middle:p.end]...)
	}
	return b
}

// appendFields writes a line for each signed name. The names and the fields
// are both sorted, so one walk finds all.
func (s *scratch) appendFields(b []byte, req *wire.Request) (_ []byte, ok bool) {
	ok = true
	next := 0
	for rest := s.signed; len(rest) > 0; {
		var name []byte
		name, rest, _ = bytes.Cut(rest, semicolon)
		if string(name) == "host" || string(name) == ":authority" {
			b = append(append(b, name...), ':')
			b = appendValue(b, req.Host)
			b = append(b, '\n')
			ok = ok && oneLine(req.Host)
			continue
		}
		for next < len(s.order) && req.Fields[s.order[next]].Name < string(name) {
			next++
		}
		found := false
		for ; next < len(s.order) && req.Fields[s.order[next]].Name == string(name); next++ {
			if !found {
				b = append(append(b, name...), ':')
			} else {
				b = append(b, ',')
			}
			found = true
			value := req.Fields[s.order[next]].Value
			b = appendValue(b, value)
			ok = ok && oneLine(value)
		}
		if !found {
			var rebuilt bool
			if b, rebuilt = appendHidden(b, name, req); !rebuilt {
				ok = false
				continue
			}
		}
		b = append(b, '\n')
	}
	return b, ok
}

var semicolon = []byte{';'}

// appendHidden writes a field that HTTP servers consume, if its value follows
// from the request.
func appendHidden(b, name []byte, req *wire.Request) (_ []byte, ok bool) {
	switch {
	case string(name) == "content-length" && req.BodySize >= 0:
		return strconv.AppendInt(append(b, "content-length:"...), req.BodySize, 10), true
	case string(name) == "transfer-encoding" && req.BodySize < 0:
		return append(b, "transfer-encoding:chunked"...), true
	case string(name) == "expect":
		return append(b, "expect:100-continue"...), true
	}
	return b, false
}

// oneLine tells that a value cannot begin a line of its own in the canonical
// request.
func oneLine(value string) bool { return strings.IndexByte(value, '\n') < 0 }

// appendValue writes a value without the white space around it and with each
// run of spaces folded to one.
func appendValue(b []byte, value string) []byte {
	value = trimBlanks(value)
	for {
		i := strings.Index(value, "  ")
		if i < 0 {
			return append(b, value...)
		}
		b = append(b, value[:i+1]...)
		for value = value[i+1:]; value[0] == ' '; value = value[1:] {
		}
	}
}

func trimBlanks(v string) string {
	for v != "" && isBlank(v[0]) {
		v = v[1:]
	}
	for v != "" && isBlank(v[len(v)-1]) {
		v = v[:len(v)-1]
	}
	return v
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// unreserved are the bytes that AWS does not encode.
var unreserved = func() (t [256]bool) {
	for c := range 256 {
		t[c] = '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '-' || c == '.' || c == '_' || c == '~'
	}
	return t
}()

// appendEscaped percent-encodes all but the unreserved bytes, with upper-case
// digits, keeping slashes if asked to.
func appendEscaped[T string | []byte](b []byte, text T, keepSlash bool) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if unreserved[c] || keepSlash && c == '/' {
			b = append(b, c)
			continue
		}
		b = append(b, '%', upperHex[c>>4], upperHex[c&15])
	}
	return b
}

// buildToSign writes the string to sign of s.canonical into s.toSign.
func (s *scratch) buildToSign(algorithm algorithm, timestamp, scope string) {
	s.hash.Reset()
	s.hash.Write(s.canonical)
	s.sum = s.hash.Sum(s.sum[:0])
	b := append(s.toSign[:0], algorithm...)
	b = append(b, '\n')
	b = append(b, timestamp...)
	b = append(b, '\n')
	b = append(b, scope...)
	b = append(b, '\n')
	s.toSign = appendHex(b, s.sum)
}

// sign is the signature of s.toSign; the result is valid until the next use of
// the scratch.
func (s *scratch) sign(key *signingKey) []byte {
	s.sum = key.sum(s.hash, s.toSign, s.sum)
	return s.sum
}

func appendHex(b, raw []byte) []byte {
	for _, c := range raw {
		b = append(b, lowerHex[c>>4], lowerHex[c&15])
	}
	return b
}

// decodeSignature decodes 64 lower-case digits: other spellings of a signature
// are not made by any signer.
func decodeSignature(text string) (raw [sha256.Size]byte, ok bool) {
	if len(text) != 2*sha256.Size {
		return raw, false
	}
	_, ok = appendDecoded(raw[:0], text)
	return raw, ok
}

// appendDecoded decodes pairs of lower-case digits.
func appendDecoded(b []byte, text string) (_ []byte, ok bool) {
	if len(text)%2 != 0 {
		return b, false
	}
	for i := 0; i < len(text); i += 2 {
		high, ok1 := lowerDigit(text[i])
		low, ok2 := lowerDigit(text[i+1])
		if !ok1 || !ok2 {
			return b, false
		}
		b = append(b, high<<4|low)
	}
	return b, true
}

func lowerDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
