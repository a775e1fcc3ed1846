package extauthz

import (
	"github.com/sallyport-iam/sallyport/proxy/extauthz/checkpb"
	"github.com/sallyport-iam/sallyport/wire"
)

// partialBody is the field in which Envoy says whether a body came whole.
const partialBody = "x-envoy-auth-partial-body"

// wholeness is what partialBody says: how many times, and whether ever another
// thing than that the body is whole.
type wholeness struct {
	told   int
	denied bool
}

// fields makes req.Fields of the header, in its place, and compares what the
// check request has twice.
func (s *Server) fields(req *wire.Request, asked *checkpb.Request) (whole wholeness, refused *wire.Refusal) {
	header := asked.Raw
	switch {
	case len(asked.Raw) > 0 && len(asked.Merged) > 0:
		return whole, invalid("", "the check request has its header twice, raw and merged, which no Envoy sends")
	case len(asked.Merged) > 0:
		header = asked.Merged
	case len(asked.Raw) == 0:
		return whole, invalid("", "the check request has no header")
	}
	switch {
	case len(header) > checkpb.MaxPairs:
		return whole, tooLarge()
	case asked.TwoValues:
		return whole, invalid("", "the check request has a header with two values, which no Envoy sends")
	}
	size := len(asked.Path) + len(asked.Method)
	req.Fields = header[:0]
	for _, f := range header {
		if size += len(f.Name) + len(f.Value); size > s.options.MaxHeader {
			return whole, tooLarge()
		}
		switch attribute, has := attributeOf(asked, f.Name); {
		case has && f.Value != attribute:
			return whole, invalid("", "the check request's "+f.Name+" differs from its attribute: no filter before ext_authz may change one of the two")
		case has:
		case f.Name == partialBody:
			whole.told++
			whole.denied = whole.denied || f.Value != "false"
		default:
			if f.Value, refused = fieldValue(f.Name, f.Value); refused != nil {
				return whole, refused
			}
			req.Fields = append(req.Fields, f)
		}
	}
	if len(asked.Merged) > 0 {
		if name, merged := req.MayBeMerged(); merged {
			return whole, misplaced("the header " + name + " may have been merged or changed on its way: set encode_raw_headers: true in the ext_authz filter")
		}
	}
	return whole, req.Fields.CheckConnection()
}

// attributeOf is the attribute of a check request that one of its headers
// repeats.
func attributeOf(asked *checkpb.Request, name string) (value string, has bool) {
	switch name {
	case ":method":
		return asked.Method, true
	case ":path":
		return asked.Path, true
	case ":scheme":
		return asked.Scheme, true
	case ":authority", "host":
		return asked.Host, true
	}
	return "", false
}

// fieldValue is the value of a field of the client's.
func fieldValue(name, value string) (string, *wire.Refusal) {
	switch {
	case name == "transfer-encoding":
		return "", invalid("The Transfer-Encoding header is not supported in this version of HTTP.", "")
	case !wire.IsFieldName(name):
		return "", invalid("The request has a header whose name is not valid.", "")
	}
	return wire.FieldValue(name, value)
}

func tooLarge() *wire.Refusal {
	return &wire.Refusal{
		Status: 400, Code: "RequestHeaderSectionTooLarge",
		Message: "Your request header and query parameters used to make the request exceed the maximum allowed size.",
	}
}
