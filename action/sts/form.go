package sts

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/wire"
)

const formType = "application/x-www-form-urlencoded"

// checkForm refuses a body that is said to be something else than a plain form.
func checkForm(req *wire.Request) *wire.Refusal {
	if encoding, sent := req.Fields.Lookup("content-encoding"); sent && !strings.EqualFold(encoding, "identity") {
		return invalidParameters("The body must not have a Content-Encoding.")
	}
	switch req.Fields.Count("content-type") {
	case 0:
		return nil // then it must be empty
	case 1:
	default:
		return invalidParameters("The Content-Type header is given more than once.")
	}
	mediaType, params, err := mime.ParseMediaType(req.Fields.Get("content-type"))
	if err != nil || mediaType != formType {
		return invalidParameters("The Content-Type must be " + formType + ".")
	}
	if charset, sent := params["charset"]; sent && !strings.EqualFold(charset, "utf-8") {
		return invalidParameters("The charset of a form must be utf-8.")
	}
	return nil
}

// readParameters are the parameters of a request, wherever they were sent: those
// of a signature in the query are none.
func readParameters(req *wire.Request, body []byte) (wire.Query, *wire.Refusal) {
	query := make(wire.Query, 0, len(req.Query))
	for _, p := range req.Query {
		if !isSigning(p.Name) {
			query = append(query, p)
		}
	}
	switch {
	case len(body) == 0:
	case req.Method != "POST":
		return nil, invalidParameters("A GET has its parameters in the query, and no body.")
	case req.Fields.Count("content-type") == 0:
		return nil, invalidParameters("The Content-Type must be " + formType + ".")
	case len(query) > 0:
		return nil, invalidParameters("Parameters are both in the query and in the body.")
	default:
		var refusal *wire.Refusal
		if query, refusal = parseForm(body); refusal != nil {
			return nil, refusal
		}
	}
	if len(query) > MaxParameters {
		return nil, tooMany()
	}
	for i := range query {
		if !utf8.ValidString(query[i].Name) || !utf8.ValidString(query[i].Value) {
			return nil, malformed("A parameter is not UTF-8.")
		}
	}
	return query, nil
}

// isSigning tells of a parameter of a query that it is of the signature, which is
// verified elsewhere.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
func isSigning(name string) bool {
	switch name {
	case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
		"X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Region-Set", "X-Amz-Content-Sha256":
		return true
	}
	return false
}

// parseForm reads a form as wire.ParseQuery reads a query, but for the plus, which
// in a form is a space and nothing else.
func parseForm(body []byte) (wire.Query, *wire.Refusal) {
	// A check before the parts are counted, and memory is taken for them.
	if bytes.Count(body, []byte{'&'}) > MaxParameters {
		return nil, tooMany()
	}
	rest := string(body)
	form := make(wire.Query, 0, strings.Count(rest, "&")+1)
	for rest != "" {
		var piece string
		piece, rest, _ = strings.Cut(rest, "&")
		if piece == "" {
			continue
		}
		if strings.IndexByte(piece, ';') >= 0 {
			return nil, malformed("The form holds a raw ;, which is ambiguous: send it as %3B.")
		}
		var p wire.Param
		p.RawName, p.RawValue, p.HasValue = strings.Cut(piece, "=")
		var ok1, ok2 bool
		p.Name, ok1 = wire.Unescape(strings.ReplaceAll(p.RawName, "+", " "))
		p.Value, ok2 = wire.Unescape(strings.ReplaceAll(p.RawValue, "+", " "))
		if !ok1 || !ok2 {
			return nil, malformed("The form holds an invalid percent-escape.")
		}
		form = append(form, p)
	}
	return form, nil
}
