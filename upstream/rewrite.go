package upstream

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/http1"
)

// MoveBucket is the rewrite that puts the bucket where the upstream expects
// it, in the path or before endpoint in the host, and puts endpoint in the
// place of the client's host. inHost tells where the client put it. The rest
// of the path is moved as raw bytes: nothing is decoded, encoded or cleaned.
func MoveBucket(req *wire.Request, bucket string, inHost bool, to Addressing, endpoint string) *wire.Refusal {
	req.Host = endpoint
	if bucket == "" {
		return nil
	}
	if !isBucket(bucket, to == VirtualHosted) {
		return &wire.Refusal{
			Status:  400,
			Code:    "InvalidBucketName",
			Message: "The specified bucket is not valid.",
			Detail:  []wire.Element{{Name: "BucketName", Value: bucket}},
		}
	}
	if to == VirtualHosted {
		req.Host = bucket + "." + endpoint
	}
	switch {
	case inHost && to == Path:
		req.Path = "/" + bucket + req.Path
	case !inHost && to == VirtualHosted:
		segment, rest, found := strings.Cut(strings.TrimPrefix(req.Path, "/"), "/")
		if decoded, ok := wire.Unescape(segment); !ok || decoded != bucket {
			return wire.Unavailable("the path to forward does not begin with the bucket that was decided")
		}
		req.Path = "/"
		if found {
			req.Path += rest
		}
	}
	return nil
}

// isBucket tells whether a bucket's name can stand as it is in a path, or in a
// host, whose case does not count.
func isBucket(name string, host bool) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-':
		case 'A' <= c && c <= 'Z', c == '_':
			if host {
				return false
			}
		case c == '.' && i > 0 && i+1 < len(name) && name[i-1] != '.':
		default:
			return false
		}
	}
	return true
}

// PlaceHoisted is the rewrite that moves x-amz-* fields out of the query, where
// presigners may put them, into the header: they were decided as fields, and
// stores overlook them in the query. Parameters of the authentication stay, and
// so do checksums of the body: those that nobody verified are not made a promise
// to the store. A value that a field would not keep as it is, is refused, and so is one that
// differs from the field of that name.
func PlaceHoisted(req *wire.Request) *wire.Refusal {
	found := false
	for i := range req.Query {
		p := &req.Query[i]
		if !isHoisted(p.Name) {
			continue
		}
		found = true
		name := strings.ToLower(p.Name)
		if !isFieldName(name) || !isFieldValue(p.Value) {
			return misplaced(p, "cannot be a header: its value has control characters, or white space around it")
		}
		switch value, sent := req.Fields.Lookup(name); {
		case !sent:
			req.Fields.Add(name, p.Value)
		case value != p.Value || req.Fields.Count(name) > 1:
			return misplaced(p, "is given in more than one way")
		}
	}
	if found {
		req.RemoveParams(isHoisted)
	}
	return nil
}

// HasHoisted tells whether there is anything for PlaceHoisted to move that means
// something: x-amz-checksum-mode, which SDKs put into every link, asks for a field
// of the answer alone.
func HasHoisted(req *wire.Request) bool {
	return slices.ContainsFunc(req.Query, func(p wire.Param) bool {
		return isHoisted(p.Name) && !strings.EqualFold(p.Name, "x-amz-checksum-mode")
	})
}

// isHoisted tells whether a query parameter is a header field by nature.
func isHoisted(name string) bool {
	const prefix = "x-amz-"
	return len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) && !sigv4.IsAuthParam(name) && !sumsBody(name)
}

// sumsBody tells the parameters that promise a checksum of the body. Presigners
// work them out of the body that they have, which is none: the AWS SDK for
// JavaScript puts that of no bytes into every link for an upload. Amazon S3
// overlooks them in a query; as a field they would have it refuse every body.
func sumsBody(name string) bool {
	name = strings.ToLower(name)
	if name == "x-amz-sdk-checksum-algorithm" {
		return true
	}
	algorithm, ok := strings.CutPrefix(name, "x-amz-checksum-")
	return ok && algorithm != "algorithm" && algorithm != "mode" && algorithm != "type"
}

// isFieldName tells whether a name in lower case is a token (RFC 9110, section
// 5.6.2).
func isFieldName(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if ('a' > c || c > 'z') && ('0' > c || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return true
}

// isFieldValue tells whether a field keeps a value as it is: without control
// characters, and without white space around it: HTTP takes some of it away, and
// some stores take the rest.
func isFieldValue(value string) bool {
	for i := 0; i < len(value); i++ {
		if value[i] < ' ' || value[i] == 0x7f {
			return false
		}
	}
	return strings.TrimSpace(value) == value
}

func misplaced(p *wire.Param, why string) *wire.Refusal {
	return &wire.Refusal{
		Status:  400,
		Code:    "InvalidArgument",
		Message: "The query parameter " + p.RawName + " " + why + ".",
		Detail:  []wire.Element{{Name: "ArgumentName", Value: p.RawName}, {Name: "ArgumentValue", Value: p.RawValue}},
	}
}

// RemoveChecked is the rewrite that removes the fields that were for Sallyport
// or for the client's connection: the expected owners of buckets, which were
// compared with the bundle's and may mean another account at the upstream;
// hop-by-hop fields and Expect; client copies of identity fields; and what
// proxies before us said of the client. Accept-Encoding and User-Agent stay.
func RemoveChecked(req *wire.Request) { removeFields(req, checked) }

// RemoveHopByHop is the one rewrite of a request that goes on with the client's
// own signature: it removes the fields of the client's connection, and Expect.
func RemoveHopByHop(req *wire.Request) {
	removeFields(req, hopByHop)
}

func removeFields(req *wire.Request, drop func(name string) bool) {
	kept := req.Fields[:0]
	for _, field := range req.Fields {
		if !drop(field.Name) {
			kept = append(kept, field)
		}
	}
	clear(req.Fields[len(kept):])
	req.Fields = kept
}

// hopByHop tells the fields that are the connection's, Expect among them.
func hopByHop(name string) bool { return name == "expect" || http1.HopByHop(name) }

// checked tells whether RemoveChecked removes a field.
func checked(name string) bool {
	switch name {
	case "x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner", "forwarded", "via", "x-real-ip":
		return true
	}
	return hopByHop(name) || strings.HasPrefix(name, "x-sallyport-") || strings.HasPrefix(name, "x-forwarded-")
}

// PlaceBody is the rewrite that puts a verified body in the place of the one
// that came: chunk signatures are gone or ours, and the fields that describe the
// body say what it is now.
func PlaceBody(req *wire.Request, body *sigv4.Body) {
	req.Body, req.BodySize = body, body.Size()
	body.Fields(&req.Fields)
	req.Fields.Del("content-length")
	if req.BodySize >= 0 {
		req.Fields.Add("content-length", strconv.FormatInt(req.BodySize, 10))
	}
}

// ReplaceAuthentication is the rewrite that puts our signature in the place of
// the client's: Sign strips its headers and query parameters, and the rest of
// the query stays byte for byte. A body that goes on in signed chunks goes on
// with the signature; payload is the payload line of a request without body. It
// is the last rewrite: it signs the others.
func ReplaceAuthentication(req *wire.Request, signer *sigv4.Signer, c sigv4.Credentials, service, region string, body *sigv4.Body, payload string, now time.Time) {
	if body != nil {
		signer.SignBody(req, body, c, service, region, now)
		return
	}
	signer.Sign(req, c, service, region, payload, now)
}
