package sigv4_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// canonicalOf is the canonical request that the verifier computes.
func canonicalOf(t *testing.T, req *wire.Request, signed string) string {
	t.Helper()
	req.Fields.Set("x-amz-date", exampleTime)
	req.Fields.Set("x-amz-content-sha256", emptyHash)
	req.Fields.Set("authorization", authorization(signed, zeroSignature))
	_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
	if refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
		t.Fatalf("no canonical request: %v", refusal)
	}
	return detail(refusal, "CanonicalRequest")
}

func TestCanonicalQuery(t *testing.T) {
	t.Parallel()
	tests := []struct{ raw, want string }{
		{"", ""},
		{"lifecycle", "lifecycle="},
		{"lifecycle=", "lifecycle="},
		{"prefix=J&max-keys=2", "max-keys=2&prefix=J"},
		{"prefix=some%20dir/", "prefix=some%20dir%2F"},
		{"b=2&a=2&a=1", "a=1&a=2&b=2"},
		{"Param-3=V3&Param=V2&%E1%88%B4=V1", "%E1%88%B4=V1&Param=V2&Param-3=V3"},
		{"a=1&&b=2", "a=1&b=2"},
		{"&", ""},
		{"a=b=c", "a=b%3Dc"},
		{"a%3bb=c", "a%3Bb=c"},
		{"prefix=a&Prefix=b", "Prefix=b&prefix=a"},
		{"q=%7e%2d%41", "q=~-A"},
		{"q=%2b", "q=%2B"},
		{"q=%c3%a9", "q=%C3%A9"},
		{"q=%00", "q=%00"},
		{"q='()*!", "q=%27%28%29%2A%21"},
		{"a=%25&a=%2525", "a=%25&a=%2525"},
		{"a=~&a=%C3%A9", "a=%C3%A9&a=~"},
	}
	for _, tt := range tests {
		target := "/"
		if tt.raw != "" {
			target += "?" + tt.raw
		}
		canonical := canonicalOf(t, newRequest(t, "GET", exampleHost, target, ""), "host;x-amz-content-sha256;x-amz-date")
		if got := strings.Split(canonical, "\n")[2]; got != tt.want {
			t.Errorf("query %q: %q, want %q", tt.raw, got, tt.want)
		}
	}
}

func TestCanonicalFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []string
		want   string
	}{
		{"plain", []string{"v"}, "v"},
		{"repeated", []string{"v2", "v2", "v1"}, "v2,v2,v1"},
		{"around", []string{" \tv\t "}, "v"},
		{"inner spaces", []string{"a  b     c d"}, "a b c d"},
		{"inside quotes", []string{`"a  b"`}, `"a b"`},
		{"inner tabs", []string{"a\t\tb"}, "a\t\tb"},
		{"empty", []string{""}, ""},
		{"blank", []string{"   "}, ""},
		{"case", []string{"MiXeD%20é"}, "MiXeD%20é"},
	}
	for _, tt := range tests {
		req := newRequest(t, "GET", exampleHost, "/", "")
		for _, value := range tt.values {
			req.Fields.Add("x-amz-meta-a", value)
		}
		canonical := canonicalOf(t, req, "host;x-amz-content-sha256;x-amz-date;x-amz-meta-a")
		if want := "\nx-amz-meta-a:" + tt.want + "\n\nhost;"; !strings.Contains(canonical, want) {
			t.Errorf("%s: no line %q in\n%s", tt.name, want, canonical)
		}
	}
}

// TestHiddenFields: HTTP servers consume some fields that clients sign.
func TestHiddenFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, field, line string
		size              int64
	}{
		{"content-length", "content-length", "content-length:42", 42},
		{"expect", "expect", "expect:100-continue", 42},
		{"transfer-encoding", "transfer-encoding", "transfer-encoding:chunked", -1},
	}
	for _, tt := range tests {
		names := strings.Split("host;x-amz-content-sha256;x-amz-date", ";")
		list := strings.Join(names, ";")
		if tt.field < "host" {
			list = tt.field + ";" + list
		} else {
			list = strings.Replace(list, "host;", "host;"+tt.field+";", 1)
		}
		req := newRequest(t, "PUT", exampleHost, "/", "")
		req.BodySize = tt.size
		if canonical := canonicalOf(t, req, list); !strings.Contains(canonical, "\n"+tt.line+"\n") {
			t.Errorf("%s: no line %q in\n%s", tt.name, tt.line, canonical)
		}
	}
}

func TestAuthorityStandsForHost(t *testing.T) {
	t.Parallel()
	req := newRequest(t, "GET", "bucket.example.com:9000", "/", "")
	canonical := canonicalOf(t, req, ":authority;x-amz-content-sha256;x-amz-date")
	if !strings.Contains(canonical, "\n:authority:bucket.example.com:9000\n") {
		t.Error(canonical)
	}
}

// TestPathSpellings: the path as sent is accepted, and the one that AWS's
// encoding makes of the same key; no other.
func TestPathSpellings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sent, signed string
		ok           bool
	}{
		{"/a%20b", "/a%20b", true},
		{"/a//b", "/a//b", true},
		{"/a/../b/./c/.", "/a/../b/./c/.", true},
		{"/a/../b", "/b", false},
		{"/a//b", "/a/b", false},
		{"/a%2fb", "/a%2fb", true},
		{"/a%2fb", "/a/b", true}, // the same key
		{"/a%2Fb", "/a%2Fb", true},
		{"/a@b:c!(d),e+f", "/a@b:c!(d),e+f", true},
		{"/a@b:c!(d),e+f", "/a%40b%3Ac%21%28d%29%2Ce%2Bf", true},
		{"/a%40b", "/a@b", false}, // signers encode
		{"/%7Ea", "/~a", true},
		{"/~a", "/~a", true},
		{"/%c3%a9", "/%C3%A9", true},
		{"/%25", "/%25", true},
		{"/%2525", "/%25", false},
		{"/a+b", "/a%20b", false},
		{"/" + strings.Repeat("k", 1024), "/" + strings.Repeat("k", 1024), true},
		{"/" + strings.Repeat("k", 1025), "/" + strings.Repeat("k", 1025), true},
		{"/", "/", true},
	}
	const list = "host;x-amz-content-sha256;x-amz-date"
	for _, tt := range tests {
		signed := newRequest(t, "GET", exampleHost, "/", "", "x-amz-date", exampleTime, "x-amz-content-sha256", emptyHash)
		signed.Path = tt.signed
		signLike(t, signed, list)
		sent := clone(signed)
		sent.Path = tt.sent
		_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(sent, s3Params(exampleNow))
		if (refusal == nil) != tt.ok {
			t.Errorf("%s signed as %s: %v, want accepted = %v", tt.sent, tt.signed, refusal, tt.ok)
		}
	}
}

// TestEncodedSlash: to services that read the path by segments, an encoded
// slash is another path.
func TestEncodedSlash(t *testing.T) {
	t.Parallel()
	for service, ok := range map[string]bool{"s3": true, "lambda": false} {
		p := s3Params(exampleNow)
		p.Service = service
		p.Payload.BodyHash = emptyHash
		req := newRequest(t, "GET", exampleHost, "/a/b", "")
		sigv4.NewSigner().Sign(req, exampleCredentials, service, "us-east-1", emptyHash, exampleNow)
		req.Path = "/a%2Fb"
		if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, p); (refusal == nil) != ok {
			t.Errorf("%s: %v", service, refusal)
		}
	}
}

// TestManyFields: the cost of a header does not grow with the square of its
// fields, nor that of a query; and the result is the same.
func TestManyFields(t *testing.T) {
	t.Parallel()
	req := newRequest(t, "GET", exampleHost, "/", "", "x-amz-date", exampleTime, "x-amz-content-sha256", emptyHash)
	list := []string{"host", "x-amz-content-sha256", "x-amz-date"}
	for i := range 200 {
		name := fmt.Sprintf("x-amz-meta-%03d", (i*7)%200)
		req.Fields.Add(name, "v")
		list = append(list, name)
	}
	slices.Sort(list)
	signLike(t, req, strings.Join(list, ";"))
	if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow)); refusal != nil {
		t.Error(refusal)
	}
	var raw []string
	for i := range 129 {
		raw = append(raw, fmt.Sprintf("x-amz-meta-%d=v", i))
	}
	_, refusal := sigv4.Recognise(newRequest(t, "GET", exampleHost, "/?"+strings.Join(raw, "&"), ""))
	expectRefusal(t, refusal, 400, "InvalidArgument", "The query has more than 128 X-Amz-* parameters.", "")
}

// TestPathsOfOtherServices: where services normalise the path, a path that
// normalising would change is refused.
func TestPathsOfOtherServices(t *testing.T) {
	t.Parallel()
	p := s3Params(exampleNow)
	p.Service = "lambda"
	for path, want := range map[string]string{
		"/":                           "SignatureDoesNotMatch",
		"/a/b/":                       "SignatureDoesNotMatch",
		"/documents%20and/settings":   "SignatureDoesNotMatch",
		"/a//b":                       "InvalidURI",
		"//":                          "InvalidURI",
		"/a/./b":                      "InvalidURI",
		"/a/..":                       "InvalidURI",
		"/a/%2e%2E/b":                 "InvalidURI",
		"/2015-03-31/functions/x/../": "InvalidURI",
	} {
		req := newRequest(t, "GET", exampleHost, path, "", "x-amz-date", exampleTime, "authorization",
			strings.Replace(authorization("host;x-amz-date", zeroSignature), "/s3/", "/lambda/", 1))
		_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, p)
		if refusal == nil || refusal.Code != want {
			t.Errorf("%s: %v, want %s", path, refusal, want)
			continue
		}
		if path == "/documents%20and/settings" && !strings.HasPrefix(detail(refusal, "CanonicalRequest"), "GET\n/documents%2520and/settings\n") {
			t.Errorf("%s: %s", path, detail(refusal, "CanonicalRequest"))
		}
	}
}

// TestUnreadBody: without x-amz-content-sha256 the signature of other services
// covers a body that nobody has read; that is no reason to let it pass.
func TestUnreadBody(t *testing.T) {
	t.Parallel()
	p := s3Params(exampleNow)
	p.Service = "lambda"
	req := newRequest(t, "POST", exampleHost, "/", "body", "x-amz-date", exampleTime, "authorization",
		strings.Replace(authorization("host;x-amz-date", zeroSignature), "/s3/", "/lambda/", 1))
	_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, p)
	expectRefusal(t, refusal, 503, "ServiceUnavailable", "", "")
	req.Fields.Set("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
	_, refusal = sigv4.NewVerifier(sigv4.Options{}).Verify(req, p)
	expectRefusal(t, refusal, 400, "InvalidRequest", "The value of x-amz-content-sha256 header is invalid.", "")
	p.Payload.BodyHash = hashOf("body")
	req.Fields.Set("x-amz-content-sha256", emptyHash)
	_, refusal = sigv4.NewVerifier(sigv4.Options{}).Verify(req, p)
	expectRefusal(t, refusal, 400, "XAmzContentSHA256Mismatch", "", "")
	req.Fields.Del("x-amz-content-sha256")
	_, refusal = sigv4.NewVerifier(sigv4.Options{}).Verify(req, p)
	if refusal == nil || !strings.HasSuffix(detail(refusal, "CanonicalRequest"), "\n"+hashOf("body")) {
		t.Errorf("with the body's hash: %v", refusal)
	}
}

func TestSignatureBytes(t *testing.T) {
	t.Parallel()
	req := vectors()[2].request(t)
	headers("host;x-amz-content-sha256;x-amz-date")(req)
	_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
	for _, name := range []string{"StringToSign", "CanonicalRequest"} {
		text, spaced := detail(refusal, name), detail(refusal, name+"Bytes")
		var want []string
		for i := range len(text) {
			const digits = "0123456789abcdef"
			want = append(want, string([]byte{digits[text[i]>>4], digits[text[i]&15]}))
		}
		if spaced != strings.Join(want, " ") {
			t.Errorf("%sBytes = %q", name, spaced)
		}
	}
}
