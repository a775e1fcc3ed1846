package upstream_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

func TestMoveBucket(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, bucket string
		inHost             bool
		to                 upstream.Addressing
		wantHost, wantPath string
	}{
		{"no bucket", "/", "", false, upstream.Path, "store:9000", "/"},
		{"no bucket, virtual", "/", "", false, upstream.VirtualHosted, "store:9000", "/"},
		{"path to path", "/b/k%2F%2e/../x//", "b", false, upstream.Path, "store:9000", "/b/k%2F%2e/../x//"},
		{"path to path, escaped", "/%62/k", "b", false, upstream.Path, "store:9000", "/%62/k"},
		{"host to path", "/k%2F/../x//", "b.c", true, upstream.Path, "store:9000", "/b.c/k%2F/../x//"},
		{"host to path, bucket alone", "/", "b", true, upstream.Path, "store:9000", "/b/"},
		{"host to path, empty segment", "//k", "b", true, upstream.Path, "store:9000", "/b//k"},
		{"host to path, key like the bucket", "/b/k", "b", true, upstream.Path, "store:9000", "/b/b/k"},
		{"host to host", "/k//{", "b", true, upstream.VirtualHosted, "b.store:9000", "/k//{"},
		{"path to host", "/b/k%2F/../x", "b", false, upstream.VirtualHosted, "b.store:9000", "/k%2F/../x"},
		{"path to host, bucket alone", "/b", "b", false, upstream.VirtualHosted, "b.store:9000", "/"},
		{"path to host, with a slash", "/b/", "b", false, upstream.VirtualHosted, "b.store:9000", "/"},
		{"path to host, empty segment", "/b//k", "b", false, upstream.VirtualHosted, "b.store:9000", "//k"},
		{"path to host, escaped", "/%62/k", "b", false, upstream.VirtualHosted, "b.store:9000", "/k"},
		{"upper case in a path", "/k", "Old_Bucket", true, upstream.Path, "store:9000", "/Old_Bucket/k"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := &wire.Request{Host: "client.example.com", Path: tt.path, RawQuery: "a+%2B&&b", HasQuery: true}
			if refusal := upstream.MoveBucket(req, tt.bucket, tt.inHost, tt.to, "store:9000"); refusal != nil {
				t.Fatal(refusal)
			}
			if req.Host != tt.wantHost || req.Path != tt.wantPath || req.RawQuery != "a+%2B&&b" {
				t.Errorf("%s %s?%s, want %s %s", req.Host, req.Path, req.RawQuery, tt.wantHost, tt.wantPath)
			}
		})
	}
}

func TestMoveBucketRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, bucket string
		inHost             bool
		to                 upstream.Addressing
		status             int
	}{
		{"a slash in the bucket", "/k", "a/b", true, upstream.Path, 400},
		{"dot segments", "/k", "..", true, upstream.Path, 400},
		{"two dots", "/k", "a..b", true, upstream.Path, 400},
		{"an escape", "/k", "a%2Fb", true, upstream.Path, 400},
		{"a port", "/k", "a:80", false, upstream.VirtualHosted, 400},
		{"a user", "/k", "a@b", false, upstream.VirtualHosted, 400},
		{"upper case in a host", "/Old/k", "Old", false, upstream.VirtualHosted, 400},
		{"another bucket in the path", "/other/k", "b", false, upstream.VirtualHosted, 503},
		{"a longer bucket in the path", "/bb/k", "b", false, upstream.VirtualHosted, 503},
		{"a bucket that is not first", "//b/k", "b", false, upstream.VirtualHosted, 503},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := &wire.Request{Host: "client.example.com", Path: tt.path}
			if refusal := upstream.MoveBucket(req, tt.bucket, tt.inHost, tt.to, "store"); refusal == nil || refusal.Status != tt.status {
				t.Errorf("%v: %s %s", refusal, req.Host, req.Path)
			}
		})
	}
}

// Fields in the query satisfied conditions (tags, encryption, ACL, lock) and the
// store overlooked them there: objects were stored without.
func TestHoistedFieldsReachTheStore(t *testing.T) {
	t.Parallel()
	const auth = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=s&X-Amz-Security-Token=t&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD"
	tests := []struct {
		name, query string
		fields      wire.Fields
		wantQuery   string
		want        wire.Fields
	}{
		{"nothing", "", nil, "", nil},
		{"nothing of ours", "prefix=a&&x-id=GetObject&x-amz-=1&" + auth, nil, "prefix=a&&x-id=GetObject&x-amz-=1&" + auth, nil},
		{"one", "x-amz-tagging=a%3Db%2526c", nil, "", wire.Fields{{Name: "x-amz-tagging", Value: "a=b%26c"}}},
		{"in upper case", "X-Amz-Acl=private", nil, "", wire.Fields{{Name: "x-amz-acl", Value: "private"}}},
		{"without a value", "x-amz-acl", nil, "", wire.Fields{{Name: "x-amz-acl"}}},
		{"among others", "a=%2f&x-amz-acl=private&&versionId=%31", nil, "a=%2f&&versionId=%31", wire.Fields{{Name: "x-amz-acl", Value: "private"}}},
		{"presigned", "x-amz-storage-class=GLACIER&" + auth + "&x-amz-meta-k=v%20w", nil, auth, wire.Fields{{Name: "x-amz-storage-class", Value: "GLACIER"}, {Name: "x-amz-meta-k", Value: "v w"}}},
		{"with an equal field", "x-amz-acl=private", wire.Fields{{Name: "x-amz-acl", Value: "private"}}, "", wire.Fields{{Name: "x-amz-acl", Value: "private"}}},
		{"a checksum of the body", "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32&X-Amz-Checksum-Sha256=x&x-amz-checksum-type=COMPOSITE", nil,
			"x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32&X-Amz-Checksum-Sha256=x", wire.Fields{{Name: "x-amz-checksum-type", Value: "COMPOSITE"}}},
		{"a checksum of the body beside the field", "x-amz-checksum-crc32=AAAAAA%3D%3D", wire.Fields{{Name: "x-amz-checksum-sha1", Value: "qvTGHdzF6KLavt4PO0gs2a6pQ00="}},
			"x-amz-checksum-crc32=AAAAAA%3D%3D", wire.Fields{{Name: "x-amz-checksum-sha1", Value: "qvTGHdzF6KLavt4PO0gs2a6pQ00="}}},
		{"twice the same", "x-amz-acl=private&X-Amz-Acl=private", nil, "", wire.Fields{{Name: "x-amz-acl", Value: "private"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := &wire.Request{Method: "PUT", Path: "/b/k", RawQuery: tt.query, HasQuery: tt.query != "", Fields: tt.fields}
			req.Query, _ = wire.ParseQuery(tt.query)
			refusal := upstream.PlaceHoisted(req)
			if refusal != nil {
				t.Fatal(refusal)
			}
			if req.RawQuery != tt.wantQuery || req.HasQuery != (tt.wantQuery != "") {
				t.Errorf("query %q, want %q", req.RawQuery, tt.wantQuery)
			}
			if query, _ := wire.ParseQuery(req.RawQuery); len(query) != len(req.Query) {
				t.Errorf("%d parameters are parsed, %d are in the query", len(req.Query), len(query))
			}
			if diff := cmp.Diff(tt.want, req.Fields); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlaceHoistedRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		query  string
		fields wire.Fields
	}{
		{"x-amz-meta-a=%0d%0ax-amz-acl:public-read", nil},
		{"x-amz-meta-a=%00", nil},
		{"x-amz-meta-a=%09x", nil},
		{"x-amz-meta-a=%7f", nil},
		{"x-amz-acl=%20public-read", nil},
		{"x-amz-acl=public-read%C2%A0", nil},
		{"x-amz-acl=public-read%20", nil},
		{"x-amz-meta-a:b=1", nil},
		{"x-amz-meta-%C3%A9=1", nil},
		{"x-amz-acl=private", wire.Fields{{Name: "x-amz-acl", Value: "public-read"}}},
		{"x-amz-meta-a=1", wire.Fields{{Name: "x-amz-meta-a", Value: "1"}, {Name: "x-amz-meta-a", Value: "2"}}},
		{"x-amz-meta-a=1&x-amz-meta-A=2", nil},
	}
	for _, tt := range tests {
		req := &wire.Request{Method: "PUT", Path: "/b/k", RawQuery: tt.query, HasQuery: true, Fields: tt.fields}
		req.Query, _ = wire.ParseQuery(tt.query)
		if refusal := upstream.PlaceHoisted(req); refusal == nil || refusal.Status != 400 || refusal.Code != "InvalidArgument" {
			t.Errorf("%s: %v", tt.query, refusal)
		}
	}
}

func TestRemoveChecked(t *testing.T) {
	t.Parallel()
	kept := []string{
		"accept-encoding", "user-agent", "content-type", "content-md5", "range", "if-match", "cookie", "x-amz-acl", "x-amz-meta-expected-bucket-owner",
		"x-amz-copy-source", "x-amz-request-payer", "x-sallyport", "x-forwarded", "traceparent", "authorization",
	}
	removed := []string{
		"x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner", "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
		"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect", "forwarded", "via", "x-real-ip", "x-forwarded-for", "x-forwarded-proto",
		"x-forwarded-client-cert", "x-sallyport-principal", "x-sallyport-anything",
	}
	req := &wire.Request{}
	for i := range max(len(kept), len(removed)) {
		if i < len(removed) {
			req.Fields.Add(removed[i], "1")
			req.Fields.Add(removed[i], "2")
		}
		if i < len(kept) {
			req.Fields.Add(kept[i], "1")
		}
	}
	upstream.RemoveChecked(req)
	var names []string
	for _, field := range req.Fields {
		names = append(names, field.Name)
	}
	if diff := cmp.Diff(kept, names); diff != "" {
		t.Error(diff)
	}
}

func TestReplaceAuthentication(t *testing.T) {
	t.Parallel()
	raw := "prefix=a%2B&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&&X-Amz-Signature=0&delete&X-Amz-Security-Token=t"
	query, _ := wire.ParseQuery(raw)
	req := &wire.Request{Method: "GET", Host: "store", Path: "/b/{k}", RawQuery: raw, HasQuery: true, Query: query, Fields: wire.Fields{
		{Name: "authorization", Value: "AWS4-HMAC-SHA256 Credential=client"}, {Name: "x-amz-date", Value: "20200101T000000Z"}, {Name: "x-amz-security-token", Value: "client"},
	}}
	c := sigv4.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret.New(secretAccessKey), SessionToken: secret.New("ours")}
	upstream.ReplaceAuthentication(req, sigv4.NewSigner(), c, "s3", "us-east-1", nil, emptyHash, now)
	if req.Target() != "/b/{k}?prefix=a%2B&&delete" {
		t.Errorf("target %q", req.Target())
	}
	for name, want := range map[string]string{"x-amz-date": "20260731T120000Z", "x-amz-security-token": "ours", "x-amz-content-sha256": emptyHash} {
		if got := req.Fields.Get(name); got != want || req.Fields.Count(name) != 1 {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := req.Fields.Get("authorization"); !strings.HasPrefix(got, "AWS4-HMAC-SHA256 Credential="+accessKeyID+"/20260731/us-east-1/s3/aws4_request") || req.Fields.Count("authorization") != 1 {
		t.Errorf("authorization: %q", got)
	}
}

func TestPlaceBody(t *testing.T) {
	t.Parallel()
	chunks := "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
	call := putFields(t, "/k", strings.NewReader(chunks), int64(len(chunks)), wire.Fields{
		{Name: "x-amz-content-sha256", Value: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, {Name: "x-amz-decoded-content-length", Value: "5"},
		{Name: "x-amz-trailer", Value: "x-amz-checksum-crc32"}, {Name: "content-encoding", Value: "gzip"}, {Name: "content-length", Value: "999"},
	})
	req := call.Request.Clone()
	upstream.PlaceBody(req, call.Body)
	if req.BodySize != call.Body.Size() || req.Body == nil || req.Fields.Get("content-encoding") != "gzip" {
		t.Errorf("%+v", req)
	}
	if got := req.Fields.Get("content-length"); got != "46" || req.Fields.Count("content-length") != 1 || req.BodySize != 46 {
		t.Errorf("content-length %q, size %d", got, req.BodySize)
	}

	call = put(t, "/k", strings.NewReader("hello"), -1, "UNSIGNED-PAYLOAD")
	req = call.Request.Clone()
	upstream.PlaceBody(req, call.Body)
	if _, ok := req.Fields.Lookup("content-length"); ok || req.BodySize != -1 {
		t.Errorf("%+v", req)
	}
}

// TestRewritesKeepTheMeaning: what the store is asked for is what was decided,
// in every change of addressing: map(rewrite(r)) = map(r).
func TestRewritesKeepTheMeaning(t *testing.T) {
	t.Parallel()
	mapper := s3.New(s3.Options{ForwardACLs: true})
	requests := []struct {
		method, key, query string
		fields             wire.Fields
	}{
		{"GET", "", "", nil},
		{"GET", "", "list-type=2&prefix=a%2F%2B&delimiter=%2F", nil},
		{"GET", "", "versions&prefix=", nil},
		{"PUT", "", "", nil},
		{"DELETE", "", "", nil},
		{"GET", "/k", "", wire.Fields{{Name: "range", Value: "bytes=0-1"}}},
		{"GET", "//k", "versionId=3HL4", nil},
		{"GET", "/a%2Fb/%2e%2e/../c%20d+e/{f}", "partNumber=1", nil},
		{"GET", "/bucket/b", "", nil},
		{"HEAD", "/k%01%E2%82%ac", "", nil},
		{"PUT", "/k", "", wire.Fields{{Name: "x-amz-acl", Value: "public-read"}, {Name: "x-amz-tagging", Value: "a=b"}, {Name: "x-amz-storage-class", Value: "GLACIER"}}},
		{"PUT", "/k", "", wire.Fields{{Name: "x-amz-copy-source", Value: "/src/a%2Bb?versionId=1"}, {Name: "x-amz-source-expected-bucket-owner", Value: "111122223333"}}},
		{"PUT", "/k", "partNumber=1&uploadId=u", nil},
		{"POST", "/k", "uploads", nil},
		{"DELETE", "/k", "versionId=1", nil},
		{"GET", "/k", "tagging", nil},
		{"PUT", "/k", "x-amz-tagging=team%3Da%2520b%26x%3D&X-Amz-Acl=private&x-amz-storage-class=GLACIER&x-amz-meta-a=%2B", nil},
		{"PUT", "/k", "x-amz-server-side-encryption=aws%3Akms&x-amz-server-side-encryption-aws-kms-key-id=alias%2Fa", wire.Fields{{Name: "x-amz-server-side-encryption", Value: "aws:kms"}}},
		{"PUT", "/k", "x-amz-object-lock-mode=GOVERNANCE&x-amz-object-lock-retain-until-date=2040-01-01T00%3A00%3A00Z&x-amz-object-lock-legal-hold=ON", nil},
		{"DELETE", "/k", "versionId=1&x-amz-bypass-governance-retention=true", nil},
		{"GET", "", "list-type=2&&prefix=a&x-amz-expected-bucket-owner=111122223333", nil},
		{"PUT", "/k", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=s&x-amz-tagging=a%3Db", nil},
		{"GET", "/k", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=s&response-content-type=x", nil},
	}
	type form struct {
		name   string
		inHost bool
	}
	for _, from := range []form{{"path", false}, {"host", true}} {
		for _, to := range []upstream.Addressing{upstream.Path, upstream.VirtualHosted} {
			for _, r := range requests {
				const bucket = "bucket"
				req := &wire.Request{Method: r.method, Scheme: "https", Host: "client.example.com", Path: r.key, RawQuery: r.query, HasQuery: r.query != ""}
				if req.Path == "" {
					req.Path = "/"
				}
				place := action.Place{Route: "main", Partition: "aws", Region: "us-east-1", Caller: "111122223333", Owner: func(string, string) (string, bool) { return "111122223333", true }}
				before, after := place, place
				if from.inHost {
					before.Bucket = bucket
				} else {
					req.Path = "/" + bucket + r.key
				}
				if to == upstream.VirtualHosted {
					after.Bucket = bucket
				}
				req.Query, _ = wire.ParseQuery(r.query)
				req.Fields = append(wire.Fields{
					{Name: "authorization", Value: "x"}, {Name: "x-amz-date", Value: "d"}, {Name: "x-amz-content-sha256", Value: emptyHash},
					{Name: "x-amz-expected-bucket-owner", Value: "111122223333"}, {Name: "user-agent", Value: "aws-cli/2"}, {Name: "connection", Value: "close"},
				}, r.fields...)
				name := from.name + " " + r.method + " " + req.Target()
				op, want := mapped(t, name, mapper, req, before)
				rewritten := req.Clone()
				if refusal := upstream.MoveBucket(rewritten, op.Bucket, from.inHost, to, "store"); refusal != nil {
					t.Fatalf("%s: %v", name, refusal)
				}
				if refusal := upstream.PlaceHoisted(rewritten); refusal != nil {
					t.Fatalf("%s: %v", name, refusal)
				}
				upstream.RemoveChecked(rewritten)
				upstream.ReplaceAuthentication(rewritten, sigv4.NewSigner(), sigv4.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret.New(secretAccessKey)}, "s3", "us-east-1", nil, emptyHash, now)
				got, gotAccesses := mapped(t, name, mapper, rewritten, after)
				if diff := cmp.Diff(want, gotAccesses, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
					t.Errorf("%s as %s %s: %s", name, rewritten.Host, rewritten.Target(), diff)
				}
				if got.Name != op.Name || got.Bucket != op.Bucket || got.Key != op.Key || got.Body != op.Body {
					t.Errorf("%s: %+v became %+v", name, op, got)
				}
			}
		}
	}
}

func mapped(t *testing.T, name string, mapper action.Mapper, req *wire.Request, place action.Place) (action.Operation, []authz.Access) {
	t.Helper()
	op, refusal := mapper.Recognise(req, place)
	if refusal != nil {
		t.Fatalf("%s: %v (%s)", name, refusal, refusal.Cause)
	}
	var body []byte
	m, refusal := mapper.Map(req, &op, place, body)
	if refusal != nil {
		t.Fatalf("%s: %v (%s)", name, refusal, refusal.Cause)
	}
	return op, m.Accesses
}
