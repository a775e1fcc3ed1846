package s3_test

import (
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

const (
	storage = "111122223333" // owns reports, reports-*
	history = "444455556666" // owns archive
)

var now = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// place is a path-style route with two accounts, asked by the first.
func place() action.Place {
	return action.Place{
		Route: "main", Partition: "aws", Region: "us-east-1", Caller: storage, Now: now,
		Owner: func(_, bucket string) (string, bool) {
			switch {
			case strings.HasPrefix(bucket, "reports"):
				return storage, true
			case bucket == "archive":
				return history, true
			}
			return "", false
		},
	}
}

// request makes a request as a door would; fields are "name: value".
func request(tb testing.TB, method, target string, fields ...string) *wire.Request {
	tb.Helper()
	req, refusal := parse(method, target, fields...)
	if refusal != nil {
		tb.Fatalf("%s %s does not parse: %v", method, target, refusal)
	}
	return req
}

func parse(method, target string, fields ...string) (*wire.Request, *wire.Refusal) {
	path, rawQuery, hasQuery, refusal := wire.ParseTarget(target)
	if refusal != nil {
		return nil, refusal
	}
	query, refusal := wire.ParseQuery(rawQuery)
	if refusal != nil {
		return nil, refusal
	}
	req := &wire.Request{Method: method, Scheme: "https", Host: "s3.example.com", Path: path, RawQuery: rawQuery, HasQuery: hasQuery, Query: query}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Fields.Add(name, value)
	}
	return req, nil
}

// bodies are the smallest bodies of operations that are decided from them.
var bodies = map[string]string{
	"PutBucketReplication":                             "<ReplicationConfiguration><Role>arn:aws:iam::111122223333:role/copier</Role><Rule/></ReplicationConfiguration>",
	"UpdateBucketMetadataAnnotationTableConfiguration": "<AnnotationTableConfiguration><ConfigurationState>DISABLED</ConfigurationState></AnnotationTableConfiguration>",
	"DeleteObjects":                                    "<Delete><Object><Key>2026/q1.csv</Key></Object></Delete>",
	"PutBucketInventoryConfiguration":                  "<InventoryConfiguration><Id>daily</Id></InventoryConfiguration>",
	"PutObjectTagging":                                 "<Tagging><TagSet/></Tagging>",
	"PutObjectLegalHold":                               "<LegalHold><Status>ON</Status></LegalHold>",
	"PutObjectRetention":                               "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2026-07-11T12:00:00Z</RetainUntilDate></Retention>",
	"RestoreObject":                                    "<RestoreRequest><Days>1</Days></RestoreRequest>",
	"UpdateObjectEncryption":                           "<ObjectEncryption><SSE-KMS><KMSKeyArn>arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab</KMSKeyArn></SSE-KMS></ObjectEncryption>",
}

// mapWith maps a request; a deciding body is body, or the operation's smallest.
func mapWith(m *s3.Mapper, req *wire.Request, at action.Place, body string) (action.Operation, action.Mapped, *wire.Refusal) {
	op, refusal := m.Recognise(req, at)
	if refusal != nil {
		return op, action.Mapped{}, refusal
	}
	if op.Body == action.BodyForm {
		return mapForm(m, req, op, at, wire.Fields{{Name: "key", Value: "2026/q1.csv"}})
	}
	var decides []byte
	if op.Body == action.BodyDecides {
		if body == "" {
			body = bodies[op.Name]
		}
		decides = []byte(body)
	}
	mapped, refusal := m.Map(req, &op, at, decides)
	return op, mapped, refusal
}

// mapForm maps an upload by a form of the given fields, as the request that it
// stands for.
func mapForm(m *s3.Mapper, req *wire.Request, op action.Operation, at action.Place, fields wire.Fields) (action.Operation, action.Mapped, *wire.Refusal) {
	upload, refusal := op.FromForm(req, at, op.Bucket, fields)
	if refusal != nil {
		return op, action.Mapped{}, refusal
	}
	_, mapped, refusal := mapWith(m, upload.Request, at, "")
	return op, mapped, refusal
}

// all is every operation, as Amazon S3 has them.
var all = []string{s3.AllOperations}

var mapper = s3.New(s3.Options{Operations: all, ForwardACLs: true})

// accesses maps and prints accesses as "action@resource", without "arn:aws:s3:::".
func accesses(tb testing.TB, method, target string, fields ...string) []string {
	tb.Helper()
	_, mapped, refusal := mapWith(mapper, request(tb, method, target, fields...), place(), "")
	if refusal != nil {
		tb.Fatalf("%s %s %v is refused: %v (%s)", method, target, fields, refusal, refusal.Cause)
	}
	return printed(mapped.Accesses)
}

func printed(as []authz.Access) []string {
	var out []string
	for _, a := range as {
		out = append(out, a.Action+"@"+strings.TrimPrefix(a.Resource, "arn:aws:s3:::"))
	}
	return out
}

// refused maps and returns the refusal's code.
func refused(tb testing.TB, method, target string, fields ...string) string {
	tb.Helper()
	req, refusal := parse(method, target, fields...)
	if refusal == nil {
		_, _, refusal = mapWith(mapper, req, place(), "")
	}
	if refusal == nil {
		tb.Fatalf("%s %s %v is mapped, want a refusal", method, target, fields)
	}
	return refusal.Code
}

// key is the value of a condition key of the access to an action; lists are
// joined with a comma, absence is "-".
func key(tb testing.TB, mapped action.Mapped, act, name string) string {
	tb.Helper()
	for i := range mapped.Accesses {
		if mapped.Accesses[i].Action == act {
			return keyOf(&mapped.Accesses[i], name)
		}
	}
	tb.Fatalf("no access to %s in %v", act, printed(mapped.Accesses))
	return ""
}

func keyOf(a *authz.Access, name string) string {
	v, ok := a.Keys.Lookup(name)
	if !ok {
		return "-"
	}
	if list, ok := v.List(); ok {
		list = append([]string(nil), list...)
		sort.Strings(list)
		return strings.Join(list, ",")
	}
	if text, ok := v.Single(); ok {
		return text
	}
	return "unusable"
}
