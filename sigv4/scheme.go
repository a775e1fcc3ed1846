package sigv4

import (
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// Scheme is the way in which a request carries its credentials.
type Scheme uint8

const (
	// None: the request carries no credentials; its caller is anonymous.
	None Scheme = iota
	// Header: an Authorization field.
	Header
	// Query: a presigned URL.
	Query
	// Form: a form upload, whose credentials, if it has any, are fields in its
	// body: ReadForm finds them.
	Form
	// Bearer: an Authorization field with a bearer token (RFC 6750), which this
	// package does not verify: BearerToken is the token, and a Verifier refuses it.
	Bearer
)

// String names the scheme for logs.
func (s Scheme) String() string {
	switch s {
	case None:
		return "none"
	case Header:
		return "header"
	case Query:
		return "query"
	case Form:
		return "form"
	case Bearer:
		return "bearer"
	}
	return "unknown"
}

// algorithm is a signing algorithm as it is named on the wire.
type algorithm string

const (
	hmacSHA256 algorithm = "AWS4-HMAC-SHA256"
	ecdsaP256  algorithm = "AWS4-ECDSA-P256-SHA256" // SigV4A
)

// Recognise tells which scheme a request uses. It refuses a request that has
// more than one reading: two schemes, an incomplete one, a repeated
// single-valued field or X-Amz-* parameter. It refuses Signature Version 2 and
// whatever else it does not know. It looks at no key and at no body: a POST of
// multipart/form-data without a query and without credentials in its header is
// a Form, signed or not.
func Recognise(req *wire.Request) (Scheme, *wire.Refusal) {
	s := newScratch()
	defer s.release()
	scheme, _, refusal := s.recognise(req)
	return scheme, refusal
}

// recognise is Recognise. It leaves the fields sorted in s and the parameters
// of a presigned request in the result.
func (s *scratch) recognise(req *wire.Request) (Scheme, queryCredentials, *wire.Refusal) {
	s.sortFields(req.Fields)
	query, refusal := readQueryCredentials(req.Query)
	if refusal != nil {
		return None, query, refusal
	}
	authorizations := req.Fields.Count("authorization")
	schemes := authorizations
	if query.present != 0 || query.misspelt {
		schemes++
	}
	if query.v2 {
		schemes++
	}
	if schemes > 1 {
		return None, query, errTwoMechanisms()
	}
	if refusal := s.refuseAmbiguous(req.Fields); refusal != nil {
		return None, query, refusal
	}
	switch {
	case query.v2:
		return None, query, errSignatureV2()
	case query.present != 0 || query.misspelt:
		if query.misspelt || query.present&hasAlgorithm == 0 {
			return None, query, errIncompleteQuery()
		}
		return Query, query, nil
	case authorizations == 1:
		scheme, refusal := recogniseAuthorization(req.Fields.Get("authorization"))
		if refusal == nil && scheme == Bearer {
			refusal = refuseBeside(req)
		}
		return scheme, query, refusal
	case isForm(req):
		return Form, query, nil
	}
	return None, query, nil
}

// recogniseAuthorization refuses what is neither SigV4 nor SigV4A nor a bearer
// token.
func recogniseAuthorization(value string) (Scheme, *wire.Refusal) {
	word, rest, found := strings.Cut(value, " ")
	switch {
	case strings.EqualFold(word, "AWS"):
		return None, errSignatureV2()
	case !found || rest == "" || rest[0] == ' ':
		return None, errOneSpace()
	case strings.EqualFold(word, string(hmacSHA256)), strings.EqualFold(word, string(ecdsaP256)):
		return Header, nil
	case strings.EqualFold(word, bearer):
		return Bearer, nil
	}
	return None, errUnsupportedAuthorization()
}

// refuseAmbiguous refuses a repeated field of which two readers could take
// different values, and a Connection field that would make the next hop drop
// fields that were decided on. The fields are sorted in s.
func (s *scratch) refuseAmbiguous(fields wire.Fields) *wire.Refusal {
	for i := 1; i < len(s.order); i++ {
		name := fields[s.order[i]].Name
		if name == fields[s.order[i-1]].Name && singleValued(name) {
			return errRepeatedField(name)
		}
	}
	for i := range fields {
		if fields[i].Name != "connection" {
			continue
		}
		for token := range strings.SplitSeq(fields[i].Value, ",") {
			if !harmlessConnectionOption(strings.TrimSpace(token)) {
				return errConnectionOption()
			}
		}
	}
	return nil
}

func harmlessConnectionOption(token string) bool {
	for _, known := range [...]string{"", "close", "keep-alive", "upgrade", "te", "http2-settings"} {
		if strings.EqualFold(token, known) {
			return true
		}
	}
	return false
}

// singleValued tells whether a second field of the name makes a request
// ambiguous.
func singleValued(name string) bool {
	if strings.HasPrefix(name, "x-amz-") {
		// Lists by definition, or data that nothing is decided on.
		return name != "x-amz-object-attributes" &&
			name != "x-amz-optional-object-attributes" &&
			!strings.HasPrefix(name, "x-amz-meta-")
	}
	switch name {
	case "authorization", "content-length", "content-md5", "content-range", "content-type", "date", "expect",
		"if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since",
		"origin", "range", "referer", "transfer-encoding", "user-agent":
		return true
	}
	return false
}
