package s3

import (
	"net/url"
	"sort"
	"strings"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/wire"
)

// formHeaders are the fields of a form that say what an object is to be, with
// the headers by which PutObject says the same. x-amz-meta-* are both.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
var formHeaders = map[string]string{
	"acl":                         headers[hACL],
	"tagging":                     headers[hTagging], // XML, written as PutObject has it
	"cache-control":               "cache-control",
	"content-disposition":         "content-disposition",
	"content-encoding":            "content-encoding",
	"content-language":            "content-language",
	"content-md5":                 "content-md5",
	"content-type":                "content-type",
	"expires":                     "expires",
	"x-amz-checksum-algorithm":    "x-amz-sdk-checksum-algorithm",
	headers[hExpectedBucketOwner]: headers[hExpectedBucketOwner],
}

func init() {
	for _, name := range []string{
		"x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme", "x-amz-checksum-md5",
		"x-amz-checksum-sha1", "x-amz-checksum-sha256", "x-amz-checksum-sha512",
		"x-amz-checksum-xxhash3", "x-amz-checksum-xxhash64", "x-amz-checksum-xxhash128",
		headers[hLegalHold], headers[hLockMode], headers[hLockRetainUntil],
		headers[hEventHold], headers[hEventHoldDays], headers[hEventHoldYears],
		headers[hServerSideEncryption], headers[hKMSKeyID], headers[hCustomerAlgorithm],
		"x-amz-server-side-encryption-bucket-key-enabled", "x-amz-server-side-encryption-context",
		"x-amz-server-side-encryption-customer-key", "x-amz-server-side-encryption-customer-key-md5",
		headers[hStorageClass], headers[hWebsiteRedirect],
	} {
		formHeaders[name] = name
	}
}

// FormField is a field of a form and the header that it becomes.
type FormField struct{ Name, Header string }

// FormFields are the fields by which a form may say what its object is to be,
// sorted by name, but for x-amz-meta-*, which become the header of the same
// name.
func FormFields() []FormField {
	out := make([]FormField, 0, len(formHeaders))
	for name, header := range formHeaders {
		out = append(out, FormField{name, header})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// PutOfForm is the rewrite of an upload by a form to the PutObject of the same
// effect. Of the form's fields a closed list becomes header fields; those that
// are about the answer stay here; any other is refused. Of the request's own
// header only what conditions read of the client goes on.
func PutOfForm(req *wire.Request, place action.Place, bucket string, fields wire.Fields) (action.Upload, *wire.Refusal) {
	var nothing action.Upload
	sent := &wire.Request{
		Method: put, Scheme: req.Scheme, Host: req.Host, Port: req.Port, Peer: req.Peer, TLS: req.TLS,
		Fields: make(wire.Fields, 0, len(fields)+8),
	}
	for _, f := range req.Fields {
		if f.Name == "user-agent" || f.Name == "referer" {
			sent.Fields = append(sent.Fields, f)
		}
	}
	a := &formAnswer{bucket: bucket}
	for i := range fields {
		if known, refusal := a.read(&fields[i]); refusal != nil {
			return nothing, refusal
		} else if known {
			continue
		}
		if refusal := placeFormField(&sent.Fields, &fields[i]); refusal != nil {
			return nothing, refusal
		}
	}
	sent.Path = "/" + escapePath(a.key)
	if place.Bucket == "" {
		sent.Path = "/" + bucket + sent.Path
	}
	a.location = sent.Scheme + "://" + sent.Host + sent.Path
	return action.Upload{Request: sent, Answer: a.answer}, nil
}

// placeFormField adds the header field that a field of a form becomes. A value
// that not every server reads back from a header as it is, is refused: control
// characters, characters outside of ASCII, and white space around it.
func placeFormField(to *wire.Fields, f *wire.Field) *wire.Refusal {
	header, known := formHeaders[f.Name]
	switch {
	case isMetadata(f.Name):
		header = f.Name
	case !known:
		return invalidArgument("A form cannot hold the field "+f.Name+" here: what it asks for is not known. If it asks for nothing, give it a name that begins with x-ignore-, or none.", f.Name, "")
	}
	value := f.Value
	if header == headers[hTagging] {
		if value == "" {
			return malformedXML("the field tagging is empty")
		}
		c := &content{}
		if refusal := readBody(bodyTagging, []byte(value), false, c); refusal != nil {
			return refusal
		}
		value = writeTagging(c.tags)
	}
	if !isHeaderText(value) {
		return invalidArgument("The value of the field "+f.Name+" cannot become that of a header: it must be printable ASCII, without white space around it.", f.Name, "")
	}
	to.Add(header, value)
	return nil
}

// writeTagging writes tags as the header x-amz-tagging has them.
func writeTagging(tags []tag) string {
	var b strings.Builder
	for i, t := range tags {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(escape(t.key) + "=" + escape(t.value))
	}
	return b.String()
}

// escape percent-encodes as AWS does: all but letters, digits and "-._~".
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// escapePath is escape, but for slashes.
func escapePath(key string) string { return strings.ReplaceAll(escape(key), "%2F", "/") }

// isHeaderText tells whether every server reads a value back as it is.
func isHeaderText(value string) bool {
	for i := 0; i < len(value); i++ {
		if value[i] < ' ' || value[i] >= 0x7f {
			return false
		}
	}
	return value == strings.Trim(value, " ")
}
