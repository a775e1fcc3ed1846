package s3

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/wire"
)

// request is what Recognise found: the row, and where the known parameters
// and headers are.
type request struct {
	row         *compiledRow
	bucket, key string
	query       wire.Query
	fields      wire.Fields
	// params and headers hold positions, counted from 1, in query and fields.
	// A header that a presigner moved into the query has a negative position.
	params  [numParams]int16
	headers [numHeaders]int16
	// selectors are the sub-resources named, in the order sent.
	selectors    [4]param
	numSelectors int
	// active tells that a header was sent that has an effect, or a key.
	active bool
	source source // of a copy

	// mapping is what Map makes of the request the first time; mapped tells that
	// it did.
	mapping mapping
	mapped  bool
}

var requests = sync.Pool{New: func() any { return new(request) }}

// newRequest is a request as new.
func newRequest() *request {
	r := requests.Get().(*request)
	r.cleanse()
	return r
}

// Release is for action.Operation.Release. It overwrites the accesses, too, and all
// else that is a part of the request: texts are what may be kept of them.
func (r *request) Release() {
	*r = request{}
	r.poison()
	requests.Put(r)
}

func (r *request) hasParam(p param) bool { return r.params[p] != 0 }

// param is the decoded value of a parameter, or "".
func (r *request) param(p param) string {
	if i := r.params[p]; i != 0 {
		return r.query[i-1].Value
	}
	return ""
}

func (r *request) hasHeader(h header) bool { return r.headers[h] != 0 }

func (r *request) hasAny(hs []header) bool {
	for _, h := range hs {
		if r.headers[h] != 0 {
			return true
		}
	}
	return false
}

// header is the value of a header, wherever it was sent, or "".
func (r *request) header(h header) string {
	switch i := r.headers[h]; {
	case i > 0:
		return r.fields[i-1].Value
	case i < 0:
		return r.query[-i-1].Value
	}
	return ""
}

// readQuery sorts the parameters. What is unknown, given twice, written in
// another way than its plain name, or not text, is refused.
func (m *Mapper) readQuery(r *request, query wire.Query) *wire.Refusal {
	r.query = query
	for i := range query {
		p := &query[i]
		if len(p.RawName) != len(p.Name) {
			return invalidArgument("Query parameter names must not be percent-encoded.", "ParameterName", p.RawName)
		}
		if id, ok := paramByName[p.Name]; ok {
			if refusal := r.addParam(id, i, p); refusal != nil {
				return refusal
			}
			continue
		}
		if h, ok := headerByHoistedName[p.Name]; ok {
			if refusal := r.addHoisted(h, i, p); refusal != nil {
				return refusal
			}
			continue
		}
		if refusal := m.addOther(r, strings.ToLower(p.Name), i, p); refusal != nil {
			return refusal
		}
	}
	return nil
}

func (r *request) addParam(id param, i int, p *wire.Param) *wire.Refusal {
	if r.params[id] != 0 {
		return repeated("query parameter", p.Name)
	}
	if len(p.RawValue) != len(p.Value) && !isText(p.Value) {
		return invalidArgument("The value of "+p.Name+" is not UTF-8 text without NUL.", p.Name, p.RawValue)
	}
	r.params[id] = int16(i + 1)
	if params[id].use&selector != 0 {
		if r.numSelectors < len(r.selectors) {
			r.selectors[r.numSelectors] = id
		}
		r.numSelectors++
	}
	return nil
}

// addOther takes parameters that are headers by nature, and those that Amazon
// S3 ignores by their name.
func (m *Mapper) addOther(r *request, lower string, i int, p *wire.Param) *wire.Refusal {
	switch {
	case strings.HasPrefix(lower, "x-amz-"):
		h, ok := headerByName[lower]
		switch {
		case !ok && isMetadata(lower):
			return refuseExtraction(lower)
		case !ok && m.ignored[p.Name]:
			return nil
		case !ok:
			return unknown("query parameter", p.Name)
		}
		return r.addHoisted(h, i, p)
	case m.ignored[p.Name]:
		return nil
	case strings.HasPrefix(lower, "x-") && !hasVendorPrefix(lower) && p.Value != "":
		// For the access log, by AWS's documentation. Without a value it looks
		// like a sub-resource of somebody's.
		return nil
	}
	return unknown("query parameter", p.Name)
}

// addHoisted takes a header that a presigner moved into the query.
func (r *request) addHoisted(h header, i int, p *wire.Param) *wire.Refusal {
	switch {
	case h == hCopySource, h == hRenameSource:
		return invalidArgument(headers[h]+" must be a header.", headers[h], p.Value)
	case r.headers[h] != 0:
		return repeated("query parameter", p.Name)
	case !isText(p.Value):
		return invalidArgument("The value of "+headers[h]+" is not UTF-8 text without NUL.", headers[h], p.RawValue)
	}
	r.headers[h] = -int16(i + 1)
	r.active = r.active || h < numActive
	return nil
}

// readFields sorts the header fields, after the query was read.
func (m *Mapper) readFields(r *request, fields wire.Fields) *wire.Refusal {
	if len(fields) > 1<<14 {
		return &wire.Refusal{Status: 400, Code: "RequestHeaderSectionTooLarge", Message: "Your request header section exceeds the maximum allowed size."}
	}
	r.fields = fields
	for i := range fields {
		name := fields[i].Name
		if !mayMatter(name) {
			continue
		}
		h, known := headerByName[name]
		switch {
		case known:
			if refusal := r.addHeader(h, i, &fields[i]); refusal != nil {
				return refusal
			}
		case strings.HasPrefix(name, "x-amz-"):
			if isMetadata(name) {
				if refusal := refuseExtraction(name); refusal != nil {
					return refusal
				}
			} else if !m.ignored[name] {
				return unknown("header", name)
			}
		case overridesRequest(name), hasVendorPrefix(name) && !m.ignored[name], looksLikeAmazon(name):
			return unknown("header", name)
		}
	}
	return nil
}

// mayMatter tells quickly of most fields that they have no name that anything
// here knows.
func mayMatter(name string) bool {
	if len(name) < 3 {
		return false
	}
	switch name[0] {
	case 'x':
		return name[1] == '-' || name[1] == '_'
	case 'i':
		return name[1] == 'f' || name[1] == 'b'
	case 'c':
		return name[1] == 'f'
	case 's':
		return name[1] == 'e'
	}
	return false
}

func (r *request) addHeader(h header, i int, f *wire.Field) *wire.Refusal {
	switch at := r.headers[h]; {
	case at < 0: // hoisted
		if r.query[-at-1].Value != f.Value {
			return invalidArgument("The header and the query parameter "+f.Name+" differ.", f.Name, f.Value)
		}
	case at > 0 && (h == hObjectAttributes || h == hOptionalObjectAttributes):
		return nil
	case at > 0:
		return repeated("header", f.Name)
	}
	if !isText(f.Value) {
		return invalidArgument("The value of "+f.Name+" is not UTF-8 text without NUL.", f.Name, "")
	}
	r.headers[h] = int16(i + 1)
	r.active = r.active || h < numActive
	return nil
}

func isMetadata(lower string) bool { return strings.HasPrefix(lower, "x-amz-meta-") }

// refuseExtraction refuses the metadata by which some stores unpack an archive
// into many objects: one PutObject would write keys that nobody decided.
func refuseExtraction(lower string) *wire.Refusal {
	if strings.HasPrefix(lower, "x-amz-meta-snowball-") || strings.HasPrefix(lower, "x-amz-meta-minio-snowball-") {
		return notImplemented("The header "+lower+" asks for the extraction of an archive, whose keys cannot be decided.", "Header", lower)
	}
	return nil
}

// looksLikeAmazon tells of x-amz_* and x_amz_*, which servers behind CGI-like
// gateways take for x-amz-*.
func looksLikeAmazon(lower string) bool {
	return strings.HasPrefix(lower, "x_amz") || strings.HasPrefix(lower, "x-amz_")
}

// isText tells whether a value is UTF-8 without NUL.
func isText(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == 0 || s[i] >= utf8.RuneSelf {
			return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s)
		}
	}
	return true
}
