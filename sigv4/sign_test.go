package sigv4_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

var exampleCredentials = sigv4.Credentials{AccessKeyID: exampleID, SecretAccessKey: secret.New(exampleSecret)}

// TestSignPublishedVector signs the published GET of the lifecycle.
func TestSignPublishedVector(t *testing.T) {
	t.Parallel()
	want := vectors()[2].request(t).Fields.Get("authorization")
	req := newRequest(t, "GET", exampleHost, "/?lifecycle", "")
	sigv4.NewSigner().Sign(req, exampleCredentials, "s3", "us-east-1", emptyHash, exampleNow)
	if got := req.Fields.Get("authorization"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestSignReplaces: the client's authentication goes, everything else stays as
// it was sent.
func TestSignReplaces(t *testing.T) {
	t.Parallel()
	req := newRequest(t, "PUT", exampleHost, "/a%2fb//c?acl&X-Amz-Date=1&b=%7e&a", "", "authorization", "Bearer x", "date", "Fri, 24 May 2013 00:00:00 GMT",
		"x-amz-security-token", "client", "x-amz-content-sha256", "client", "x-amz-meta-b", "2", "x-amz-meta-a", "1", "user-agent", "test", "x-forwarded-for", "192.0.2.1")
	c := exampleCredentials
	c.SessionToken = secret.New("upstream")
	sigv4.NewSigner().Sign(req, c, "s3", "us-east-1", "UNSIGNED-PAYLOAD", exampleNow)
	if got := req.Target(); got != "/a%2fb//c?acl&b=%7e&a" {
		t.Errorf("target = %s", got)
	}
	_, list, _ := strings.Cut(req.Fields.Get("authorization"), "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	if list != "host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-meta-b;x-amz-security-token" {
		t.Errorf("signed are %s", list)
	}
	req.Fields.Del("authorization")
	want := wire.Fields{
		{Name: "x-amz-meta-b", Value: "2"}, {Name: "x-amz-meta-a", Value: "1"}, {Name: "user-agent", Value: "test"}, {Name: "x-forwarded-for", Value: "192.0.2.1"},
		{Name: "x-amz-date", Value: exampleTime}, {Name: "x-amz-content-sha256", Value: "UNSIGNED-PAYLOAD"}, {Name: "x-amz-security-token", Value: "upstream"},
	}
	if diff := cmp.Diff(want, req.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// TestSignVerifies: what Sign signs, Verify accepts; with every kind of odd
// target.
func TestSignVerifies(t *testing.T) {
	t.Parallel()
	signer, verifier := sigv4.NewSigner(), sigv4.NewVerifier(sigv4.Options{})
	p := s3Params(exampleNow)
	p.Keys = keys{exampleID: exampleSecret, "ASIATEMP": "other token"}
	for _, target := range []string{"/", "/a%20b", "/a//b/../c", "/%c3%a9?x=%c3%a9", "/?a=2&a=1&B", "/a@b!?delete", "/%25?%25=%2525"} {
		for _, c := range []sigv4.Credentials{
			exampleCredentials,
			{AccessKeyID: "ASIATEMP", SecretAccessKey: secret.New("other"), SessionToken: secret.New("token")},
		} {
			for range 2 {
				req := newRequest(t, "PUT", exampleHost, target, "", "content-type", "text/plain", "x-amz-meta-a", "  1   2 ", "if-none-match", "*")
				signer.Sign(req, c, "s3", "us-east-1", emptyHash, exampleNow)
				if _, refusal := verifier.Verify(req, p); refusal != nil {
					t.Errorf("%s with %s: %v", target, c.AccessKeyID, refusal)
				}
			}
		}
	}
}

// TestSignCanonicalPath: however a key is spelt, the signature is that of its
// canonical spelling, which is what stores verify; the path stays as it is.
func TestSignCanonicalPath(t *testing.T) {
	t.Parallel()
	tests := []struct{ sent, canonical string }{
		{"/b/a+b", "/b/a%2Bb"},
		{"/b/a&b;c:d*e'f!g(h)i@j$k=l,m", "/b/a%26b%3Bc%3Ad%2Ae%27f%21g%28h%29i%40j%24k%3Dl%2Cm"},
		{"/b/%7Ea", "/b/~a"},
		{"/b/a%2fb", "/b/a/b"},
		{"/b/%c3%a9", "/b/%C3%A9"},
		{"/b//a/../c", "/b//a/../c"},
		{"/b/a%20b%2B", "/b/a%20b%2B"},
	}
	sign := func(service, path string) (string, string) {
		req := newRequest(t, "GET", exampleHost, path, "")
		sigv4.NewSigner().Sign(req, exampleCredentials, service, "us-east-1", emptyHash, exampleNow)
		return req.Path, req.Fields.Get("authorization")
	}
	for _, tt := range tests {
		path, got := sign("s3", tt.sent)
		_, want := sign("s3", tt.canonical)
		if got != want || path != tt.sent {
			t.Errorf("%s: leaves as %s\n got %s\nwant %s", tt.sent, path, got, want)
		}
	}
	// Other services encode what was sent once more.
	_, raw := sign("lambda", "/a+b")
	if _, escaped := sign("lambda", "/a%2Bb"); raw == escaped {
		t.Error("two paths of another service have one signature")
	}
}

// TestSignerRotation: a new secret of the same access key id is used at once.
func TestSignerRotation(t *testing.T) {
	t.Parallel()
	signer, verifier := sigv4.NewSigner(), sigv4.NewVerifier(sigv4.Options{})
	for version, sec := range []string{"first", "second", "first"} {
		req := newRequest(t, "GET", exampleHost, "/", "")
		signer.Sign(req, sigv4.Credentials{AccessKeyID: exampleID, SecretAccessKey: secret.New(sec)}, "s3", "us-east-1", emptyHash, exampleNow)
		p := s3Params(exampleNow)
		p.Keys = oneKey{&sigv4.Key{Secret: secret.New(sec), Version: uint64(version)}}
		if _, refusal := verifier.Verify(req, p); refusal != nil {
			t.Errorf("secret %d: %v", version, refusal)
		}
	}
}

// TestSignOtherServices: the payload is a line of the canonical request only.
func TestSignOtherServices(t *testing.T) {
	t.Parallel()
	req := newRequest(t, "POST", "sts.amazonaws.com", "/", "body", "x-amz-content-sha256", "client")
	sigv4.NewSigner().Sign(req, exampleCredentials, "sts", "us-east-1", hashOf("body"), exampleNow)
	if _, sent := req.Fields.Lookup("x-amz-content-sha256"); sent {
		t.Error("x-amz-content-sha256 goes to a service that does not read it")
	}
	p := s3Params(exampleNow)
	p.Service, p.Payload.BodyHash = "sts", hashOf("body")
	if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, p); refusal != nil {
		t.Error(refusal)
	}
}

func TestStripAuthentication(t *testing.T) {
	t.Parallel()
	tests := []struct{ raw, want string }{
		{"", ""},
		{"acl", "acl"},
		{"a=1&&b=%7e&c", "a=1&&b=%7e&c"},
		{"X-Amz-Algorithm=x&X-Amz-Credential=a%2Fb&X-Amz-Date=d&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=s&X-Amz-Security-Token=t", ""},
		{"a=%2f&X-Amz-Algorithm=x&b&X-Amz-Signature=s", "a=%2f&b"},
		{"X-Amz-Algorithm=x&a=b", "a=b"},
		{"%58-Amz-Algorithm=x&a", "a"},
		{"x-amz-acl=private&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD", "x-amz-acl=private"},
		{"a=X-Amz-Signature&b", "a=X-Amz-Signature&b"},
		{"&X-Amz-Date=d&a", "&a"},
	}
	for _, tt := range tests {
		target := "/k"
		if tt.raw != "" {
			target += "?" + tt.raw
		}
		req := newRequest(t, "GET", exampleHost, target, "")
		before := append(wire.Query(nil), req.Query...)
		shared := req.Query
		sigv4.StripAuthentication(req)
		if req.RawQuery != tt.want || req.HasQuery != (tt.want != "") {
			t.Errorf("%q: %q, %v, want %q", tt.raw, req.RawQuery, req.HasQuery, tt.want)
		}
		parsed, _ := wire.ParseQuery(tt.want)
		if len(parsed) != len(req.Query) || len(parsed) > 0 && cmp.Diff(parsed, req.Query) != "" {
			t.Errorf("%q: Query = %v, want %v", tt.raw, req.Query, parsed)
		}
		if len(before) > 0 && cmp.Diff(before, shared) != "" {
			t.Errorf("%q: the query of the original request was changed", tt.raw)
		}
	}
	if req := newRequest(t, "GET", exampleHost, "/k?", ""); !req.HasQuery {
		t.Fatal("no query")
	} else if sigv4.StripAuthentication(req); req.Target() != "/k?" {
		t.Errorf("target = %s", req.Target())
	}
}

// TestKeyCacheIsBounded has more keys than places; none is ever confused.
func TestKeyCacheIsBounded(t *testing.T) {
	t.Parallel()
	verifier, signer := sigv4.NewVerifier(sigv4.Options{KeyCacheEntries: 1}), sigv4.NewSigner()
	table := keys{}
	for i := range 100 {
		table["AKID"+strings.Repeat("X", i)] = "secret" + strings.Repeat("y", i)
	}
	for round := range 3 {
		now := exampleNow.Add(time.Duration(round) * 24 * time.Hour)
		for id, sec := range table {
			req := newRequest(t, "GET", exampleHost, "/", "")
			signer.Sign(req, sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret.New(sec)}, "s3", "us-east-1", emptyHash, now)
			p := s3Params(now)
			p.Keys = table
			for range 2 {
				if _, refusal := verifier.Verify(req, p); refusal != nil {
					t.Fatalf("%s: %v", id, refusal)
				}
			}
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	verifier, signer := sigv4.NewVerifier(sigv4.Options{KeyCacheEntries: 8}), sigv4.NewSigner()
	for i := range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for j := range 200 {
				now := exampleNow.Add(time.Duration((i+j)%20) * 24 * time.Hour)
				req := newRequest(t, "GET", exampleHost, "/key?list-type=2&prefix=a", "", "x-amz-meta-a", strings.Repeat("x", j))
				signer.Sign(req, exampleCredentials, "s3", "us-east-1", emptyHash, now)
				if _, refusal := verifier.Verify(req, s3Params(now)); refusal != nil {
					t.Fatal(refusal)
				}
			}
		})
	}
}
