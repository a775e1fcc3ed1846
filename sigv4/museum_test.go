package sigv4_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// Defects that shipped in other servers, each as a test.

func TestMuseum_01_unsignedChunkedUploads(t *testing.T) {
	t.Parallel()
	crc := "x-amz-checksum-crc32:" + checksumOf("crc32", big)
	uploads := []chunked{
		{plainSigned, "65536", "", func(c *chunkChain) string { return encodeSigned(c, "", big) }},
		{trailerSigned, "65536", "x-amz-checksum-crc32", func(c *chunkChain) string { return encodeSigned(c, crc, big) }},
		{trailerOnly, "65536", "x-amz-checksum-crc32", func(*chunkChain) string { return encodeUnsigned(crc, big) }},
		{plainSignedV4A, "65536", "", func(c *chunkChain) string { return encodeSigned(c, "", big) }},
		{trailerSignedV4A, "65536", "x-amz-checksum-crc32", func(c *chunkChain) string { return encodeSigned(c, crc, big) }},
	}
	verifier := sigv4.NewVerifier(sigv4.Options{})
	for _, upload := range uploads {
		// The header's signature counts in every mode.
		req, _ := upload.request(t)
		a := req.Fields.Get("authorization")
		req.Fields.Set("authorization", flip(a, len(a)-1))
		if _, refusal := verifier.Verify(req, s3Params(exampleNow)); refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
			t.Errorf("%s with a wrong signature: %v", upload.payload, refusal)
		}
		// So it does with query credentials, which never come with chunks.
		req = vectors()[4].request(t)
		replace(t, "SignedHeaders=host", "SignedHeaders=host%3Bx-amz-content-sha256")(req)
		req.Fields.Add("x-amz-content-sha256", upload.payload)
		if _, refusal := verifier.Verify(req, s3Params(exampleNow)); refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
			t.Errorf("%s with a presigned request: %v", upload.payload, refusal)
		}
	}
	// Chunks of another upload continue another chain.
	for _, payload := range []string{plainSigned, plainSignedV4A} {
		other := chainOf(payload)
		other.previous = zeroSignature
		req, v := streaming(t, payload, "65536", "", func(*chunkChain) string { return encodeSigned(other, "", big) })
		if _, refusal := outcome(req, v, 0); refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
			t.Errorf("%s, chunks of another upload: %v", payload, refusal)
		}
	}
}

// TestMuseum_01_presignedSentinel: a presigned request that is signed with a
// streaming value is verified as what it says, not as what would skip it.
func TestMuseum_01_presignedSentinel(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{plainSigned, trailerSigned, trailerOnly, plainSignedV4A, trailerSignedV4A} {
		_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(presignV4A(t, "&X-Amz-Region-Set=*", "x-amz-content-sha256", payload), s3Params(exampleNow))
		expectRefusal(t, refusal, 400, "XAmzContentSHA256Mismatch", "", "ClientComputedContentSHA256="+payload)
		req := vectors()[4].request(t)
		replace(t, "SignedHeaders=host", "SignedHeaders=host%3Bx-amz-content-sha256")(req)
		req.Fields.Add("x-amz-content-sha256", payload)
		_, refusal = sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
		signature := exampleChain().sign(detail(refusal, "StringToSign"))
		query(t, func(q string) string { return q[:len(q)-64] + signature })(req)
		_, refusal = sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
		expectRefusal(t, refusal, 400, "XAmzContentSHA256Mismatch", "", "ClientComputedContentSHA256="+payload)
	}
}

// TestMuseum_01_lastByte reads failing bodies in every way; none is yielded
// whole.
func TestMuseum_01_lastByte(t *testing.T) {
	t.Parallel()
	req, v := verifiedPut(t, "", hashOf(small))
	for piece := 1; piece <= len(small)+1; piece++ {
		setBody(req, flip(small, 0))
		yielded, refusal := outcome(req, v, piece)
		if refusal == nil || len(yielded) >= len(small) {
			t.Errorf("pieces of %d: %q, %v", piece, yielded, refusal)
		}
	}
}

func TestMuseum_02_signedHeaders(t *testing.T) {
	t.Parallel()
	tests := []struct{ list, code string }{
		{"x-amz-content-sha256;x-amz-date", "AccessDenied"}, // no host
		{"host", "AccessDenied"},                            // x-amz-date
		{"host;;x-amz-content-sha256;x-amz-date", "AuthorizationHeaderMalformed"},
		{"host;x-amz-content-sha256;x-amz-date;", "AuthorizationHeaderMalformed"},
		{";host;x-amz-content-sha256;x-amz-date", "AuthorizationHeaderMalformed"},
		{"host;host;x-amz-content-sha256;x-amz-date", "AuthorizationHeaderMalformed"},
		{"host;x-amz-content-sha256;x-amz-date;x-amz-tagging", "SignatureDoesNotMatch"}, // listed but absent
	}
	for _, tt := range tests {
		req := vectors()[2].request(t)
		headers(tt.list)(req)
		if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow)); refusal == nil || refusal.Code != tt.code {
			t.Errorf("%s: %v, want %s", tt.list, refusal, tt.code)
		}
	}
	// Even with the signature of the canonical request that leaves it out.
	req := vectors()[2].request(t)
	signLike(t, req, "host;x-amz-content-sha256;x-amz-date;x-amz-tagging")
	_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
	expectRefusal(t, refusal, 403, "SignatureDoesNotMatch", "", "")
	// And with a value that writes the missing line itself.
	req = vectors()[2].request(t)
	req.Fields.Add("x-amz-meta-a", "1\nx-amz-tagging:a=b")
	signLike(t, req, "host;x-amz-content-sha256;x-amz-date;x-amz-meta-a")
	_, refusal = sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
	expectRefusal(t, refusal, 403, "SignatureDoesNotMatch", "", "")
}

func TestMuseum_03_repeated(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		vector int
		edit   edit
	}{
		{"header and query", 2, query(t, func(q string) string { return q + "&X-Amz-Algorithm=AWS4-HMAC-SHA256" })},
		{"header and signature alone", 2, query(t, func(q string) string { return q + "&X-Amz-Signature=" + zeroSignature })},
		{"header and token in the query", 2, query(t, func(q string) string { return q + "&x-amz-security-token=t" })},
		{"header and version 2", 2, query(t, func(q string) string { return q + "&AWSAccessKeyId=a" })},
		{"two headers", 2, add("authorization", "AWS4-HMAC-SHA256 x")},
		{"two dates", 4, query(t, func(q string) string { return q + "&X-Amz-Date=" + exampleTime })},
		{"two signatures", 4, query(t, func(q string) string { return q + "&X-Amz-Signature=" + zeroSignature })},
		{"two spellings", 4, query(t, func(q string) string { return q + "&x-amz-signature=" + zeroSignature })},
		{"escaped spelling", 4, query(t, func(q string) string { return q + "&%58-Amz-Signature=" + zeroSignature })},
		{"two hoisted ACLs", 4, query(t, func(q string) string { return q + "&x-amz-acl=private&X-Amz-Acl=public-read" })},
		{"copy source twice", 2, func(r *wire.Request) { add("x-amz-copy-source", "a")(r); add("x-amz-copy-source", "b")(r) }},
		{"content type twice", 2, func(r *wire.Request) { add("content-type", "a")(r); add("content-type", "b")(r) }},
		{"range twice", 0, add("range", "bytes=0-1")},
		{"content hash twice", 2, add("x-amz-content-sha256", "UNSIGNED-PAYLOAD")},
		{"date twice", 2, add("x-amz-date", exampleTime)},
	}
	for _, tt := range tests {
		req := vectors()[tt.vector].request(t)
		tt.edit(req)
		scheme, refusal := sigv4.Recognise(req)
		if refusal == nil || refusal.Code != "InvalidArgument" || scheme != sigv4.None {
			t.Errorf("%s: %v, %v", tt.name, scheme, refusal)
		}
		if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow)); refusal == nil || refusal.Code != "InvalidArgument" {
			t.Errorf("%s: %v", tt.name, refusal)
		}
	}
	// What may come more than once.
	req := newRequest(t, "GET", exampleHost, "/", "", "x-amz-meta-a", "1", "x-amz-meta-a", "2",
		"x-amz-object-attributes", "ETag", "x-amz-object-attributes", "ObjectSize", "accept", "a", "accept", "b")
	if _, refusal := sigv4.Recognise(req); refusal != nil {
		t.Error(refusal)
	}
}

func TestMuseum_04_presignedWithOtherHeaders(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"x-amz-acl", "x-amz-copy-source", "x-amz-tagging", "x-amz-meta-a", "x-amz-security-token", "x-amz-anything", "content-md5"} {
		req := vectors()[4].request(t)
		req.Fields.Add(name, "value")
		_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
		expectRefusal(t, refusal, 403, "AccessDenied", "There were headers present in the request which were not signed", "HeadersNotSigned="+name)
	}
	// The payload line is the field, so that it cannot be changed either.
	req := vectors()[4].request(t)
	req.Fields.Add("x-amz-content-sha256", emptyHash)
	_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
	expectRefusal(t, refusal, 403, "SignatureDoesNotMatch", "", "")
}

func TestMuseum_05_dates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		vector int
		now    time.Duration
		edit   edit
		code   string
	}{
		{"scope of another day", 2, 0, credential(exampleID + "/20130525/us-east-1/s3/aws4_request"), "AuthorizationHeaderMalformed"},
		{"future", 2, -time.Hour, func(*wire.Request) {}, "RequestTimeTooSkewed"},
		{"presigned, scope of another day", 4, 0, replace(t, "20130524%2F", "20130525%2F"), "AuthorizationQueryParametersError"},
		{"presigned, future", 4, -time.Hour, func(*wire.Request) {}, "AccessDenied"},
		{"presigned, over seven days", 4, 0, replace(t, "86400", "604801"), "AuthorizationQueryParametersError"},
		{"presigned, expired", 4, 25 * time.Hour, func(*wire.Request) {}, "AccessDenied"},
	}
	for _, tt := range tests {
		req := vectors()[tt.vector].request(t)
		tt.edit(req)
		if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow.Add(tt.now))); refusal == nil || refusal.Code != tt.code {
			t.Errorf("%s: %v, want %s", tt.name, refusal, tt.code)
		}
	}
}

func TestMuseum_06_tokensOfOtherKeys(t *testing.T) {
	t.Parallel()
	p := s3Params(exampleNow)
	p.Keys = keys{exampleID: exampleSecret, "ASIAONE": "one token-of-one", "ASIATWO": "two token-of-two"}
	tests := []struct{ id, sec, token, code string }{
		{exampleID, exampleSecret, "token-of-one", "InvalidToken"},
		{"ASIAONE", "one", "token-of-two", "InvalidToken"},
		{"ASIAONE", "one", "token-of-one", ""},
	}
	for _, tt := range tests {
		req := newRequest(t, "GET", exampleHost, "/", "")
		c := sigv4.Credentials{AccessKeyID: tt.id, SecretAccessKey: secret.New(tt.sec), SessionToken: secret.New(tt.token)}
		sigv4.NewSigner().Sign(req, c, "s3", "us-east-1", emptyHash, exampleNow)
		v, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, p)
		if tt.code == "" {
			if refusal != nil || v.SessionToken != tt.token {
				t.Errorf("%s with its own token: %v", tt.id, refusal)
			}
			continue
		}
		expectRefusal(t, refusal, 400, tt.code, "", "Token-0="+tt.token)
	}
}

func TestMuseum_18_valuelessParameters(t *testing.T) {
	t.Parallel()
	// "?lifecycle" and "?lifecycle=" are one thing to the signature, and both
	// reach the next hop as sent.
	for _, raw := range []string{"lifecycle", "lifecycle="} {
		req := vectors()[2].request(t)
		query(t, func(string) string { return raw })(req)
		if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow)); refusal != nil {
			t.Errorf("?%s: %v", raw, refusal)
		}
		sigv4.NewSigner().Sign(req, exampleCredentials, "s3", "us-east-1", emptyHash, exampleNow)
		if req.RawQuery != raw {
			t.Errorf("?%s went out as ?%s", raw, req.RawQuery)
		}
	}
}

func TestMuseum_19_pathsStay(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/a+b", "/a%2Bb", "/a//b", "/a/../b", "/%2e%2e/a", "/%00", "/%ff%fe", "/a%2Fb", "/a%2fb"} {
		req := newRequest(t, "GET", exampleHost, path, "")
		sigv4.NewSigner().Sign(req, exampleCredentials, "s3", "us-east-1", emptyHash, exampleNow)
		if req.Path != path {
			t.Errorf("%s went out as %s", path, req.Path)
		}
		if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow)); refusal != nil {
			t.Errorf("%s: %v", path, refusal)
		}
	}
}

func TestMuseum_20_hosts(t *testing.T) {
	t.Parallel()
	const list = "host;x-amz-content-sha256;x-amz-date"
	signed := newRequest(t, "GET", "bucket.example.com:9000", "/", "", "x-amz-date", exampleTime, "x-amz-content-sha256", emptyHash)
	signLike(t, signed, list)
	for host, ok := range map[string]bool{
		"bucket.example.com:9000":  true,
		"bucket.example.com":       false,
		"bucket.example.com.:9000": false,
		"BUCKET.example.com:9000":  false,
		"bucket.example.com:443":   false,
		"[::1]:9000":               false,
		"":                         false,
	} {
		req := clone(signed)
		req.Host = host
		req.Fields.Add("x-forwarded-host", "bucket.example.com:9000")
		if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow)); (refusal == nil) != ok {
			t.Errorf("host %q: %v", host, refusal)
		}
	}
}

// TestMuseum_20_portsThatGoWithoutSaying: of a host with another spelling both
// are accepted, in one direction and for one port.
func TestMuseum_20_portsThatGoWithoutSaying(t *testing.T) {
	t.Parallel()
	tests := []struct {
		signed, sent, scheme string
		ok                   bool
	}{
		{"bucket.example.com:9000", "bucket.example.com", "http", true},
		{"[2001:db8::1]:9000", "[2001:db8::1]", "http", true},
		{"bucket.example.com", "bucket.example.com:443", "https", true},
		{"bucket.example.com", "bucket.example.com:80", "http", true},
		{"bucket.example.com", "bucket.example.com:9000", "http", false},
		{"bucket.example.com", "bucket.example.com:443", "http", false},
		{"bucket.example.com:443", "bucket.example.com", "https", false},
		{"bucket.example.com:9001", "bucket.example.com", "http", false},
		{"other.example.com:9000", "bucket.example.com", "http", false},
		{"other.example.com", "bucket.example.com:80", "http", false},
	}
	for _, tt := range tests {
		for _, path := range []string{"/", "/%7e@"} { // with one spelling and with two
			req := newRequest(t, "GET", tt.signed, "/", "", "x-amz-date", exampleTime, "x-amz-content-sha256", emptyHash)
			req.Path = path
			if path != "/" {
				req.Path = "/~%40"
			}
			signLike(t, req, "host;x-amz-content-sha256;x-amz-date")
			req.Host, req.Path, req.Scheme, req.Port = tt.sent, path, tt.scheme, 9000
			_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
			if (refusal == nil) != tt.ok {
				t.Errorf("signed %s, sent %s%s over %s: %v", tt.signed, tt.sent, path, tt.scheme, refusal)
			}
			explains(t, sigv4.NewVerifier(sigv4.Options{}), req, s3Params(exampleNow), refusal)
		}
	}
}

func TestMuseum_23_truncatedBodies(t *testing.T) {
	t.Parallel()
	uploads := map[string]func() (*wire.Request, *sigv4.Verified, string){
		"plain": func() (*wire.Request, *sigv4.Verified, string) {
			req, v := verifiedPut(t, small, hashOf(small))
			return req, v, small
		},
		"signed chunks": func() (*wire.Request, *sigv4.Verified, string) {
			var stream string
			req, v := streaming(t, plainSigned, "7", "", func(c *chunkChain) string { stream = encodeSigned(c, "", small); return stream })
			return req, v, stream
		},
		"unsigned trailer": func() (*wire.Request, *sigv4.Verified, string) {
			stream := encodeUnsigned("x-amz-checksum-crc32:"+checksumOf("crc32", small), small)
			req, v := streaming(t, trailerOnly, "7", "x-amz-checksum-crc32", func(*chunkChain) string { return stream })
			return req, v, stream
		},
	}
	for name, upload := range uploads {
		_, _, stream := upload()
		for cut := range len(stream) {
			for _, declared := range []int64{int64(len(stream)), int64(cut), -1} {
				req, v, _ := upload()
				req.Body, req.BodySize = io.NopCloser(strings.NewReader(stream[:cut])), declared
				if yielded, refusal := outcome(req, v, 0); refusal == nil {
					t.Fatalf("%s cut to %d of %d bytes: accepted, %q", name, cut, len(stream), yielded)
				}
			}
		}
	}
}

func TestMuseum_28_nothingSecretIsShown(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{})
	var shown []string
	for _, vector := range vectors()[:5] {
		req := vector.request(t)
		right := req.Query.Get("X-Amz-Signature")
		if a := req.Fields.Get("authorization"); a != "" {
			_, right, _ = strings.Cut(a, "Signature=")
			req.Fields.Set("authorization", strings.Replace(a, right, zeroSignature, 1))
		} else {
			replace(t, right, zeroSignature)(req)
		}
		_, refusal := verifier.Verify(req, s3Params(exampleNow))
		text := fmt.Sprintf("%+v", *refusal)
		shown = append(shown, text)
		if strings.Contains(text, right) {
			t.Errorf("%s: the refusal shows the signature that would have matched", vector.name)
		}
		explained := fmt.Sprintf("%+v", *verifier.Explain(req, s3Params(exampleNow)))
		shown = append(shown, explained)
		if strings.Contains(explained, right) {
			t.Errorf("%s: the explanation shows the signature that would have matched", vector.name)
		}
	}
	for _, value := range []string{"Bearer hunter2", "hunter2", "Basic hunter2", "AWS4-HMAC-SHA256  hunter2"} {
		req := newRequest(t, "GET", exampleHost, "/", "", "authorization", value)
		_, refusal := verifier.Verify(req, s3Params(exampleNow))
		shown = append(shown, fmt.Sprintf("%+v", *refusal))
	}
	shown = append(shown, fmt.Sprintf("%+v %#v", exampleCredentials, sigv4.Key{Secret: secret.New(exampleSecret)}))
	if i := slices.IndexFunc(shown, func(s string) bool {
		return strings.Contains(s, exampleSecret) || strings.Contains(s, "hunter2")
	}); i >= 0 {
		t.Errorf("a secret is shown: %s", shown[i])
	}
}
