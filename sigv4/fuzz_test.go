package sigv4_test

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

func FuzzAuthorization(f *testing.F) {
	const list = "host;x-amz-content-sha256;x-amz-date"
	const signature = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
	f.Add(authorization(list, signature))
	f.Add(strings.ReplaceAll(authorization(list, signature), ", ", ","))
	f.Add(authorization(list+";x-amz-meta-a", signature))
	f.Add("AWS4-HMAC-SHA256 Credential=, SignedHeaders=;, Signature=,")
	f.Add("AWS4-ECDSA-P256-SHA256 Credential=////")
	_, signatureV4A, _ := strings.Cut(requestV4A(f, "/?lifecycle", "us-east-1").Fields.Get("authorization"), "Signature=")
	v4a := exampleChainV4A()
	f.Add(v4a.authorization(listV4A, signatureV4A))
	f.Add(v4a.authorization(listV4A, strings.ToUpper(signatureV4A)))
	f.Add(v4a.authorization(listV4A, "3081"+signatureV4A[2:]))
	f.Add(v4a.authorization(listV4A, signatureV4A+"00"))
	f.Add(v4a.authorization(listV4A, signatureV4A+"**"))
	f.Add(v4a.authorization(listV4A, "3006020101020101"))
	f.Add(v4a.authorization(list, signature))
	f.Add("AWS x:y")
	f.Add("Bearer x")
	verifier := sigv4.NewVerifier(sigv4.Options{})
	f.Fuzz(func(t *testing.T, value string) {
		req := vectors()[2].request(t)
		list, signature, scope := list, signature, "/20130524/us-east-1/s3/aws4_request"
		if len(value) > 5 && strings.EqualFold(value[:6], "AWS4-E") {
			list, signature, scope = listV4A, signatureV4A, "/20130524/s3/aws4_request"
			req.Fields.Add("x-amz-region-set", "us-east-1")
		}
		req.Fields.Set("authorization", value)
		verified, refusal := verifier.Verify(req, s3Params(exampleNow))
		if (verified == nil) == (refusal == nil) {
			t.Fatalf("%v and %v", verified, refusal)
		}
		explains(t, verifier, req, s3Params(exampleNow), refusal)
		claimed := sigv4.ClaimedService(req)
		if scheme, refusal := sigv4.Recognise(req); refusal == nil && (scheme == sigv4.Bearer) != (sigv4.BearerToken(req) != "") {
			t.Errorf("%q is %v", value, scheme)
		}
		if verified == nil {
			return
		}
		if claimed != verified.Service {
			t.Errorf("%q claims the service %q", value, claimed)
		}
		// Only the spacing and the order of the right components may differ.
		for _, component := range []string{"Credential=" + exampleID + scope, "SignedHeaders=" + list, "Signature=" + signature} {
			if !strings.Contains(value, component) {
				t.Errorf("accepted %q", value)
			}
		}
	})
}

func FuzzPresignedQuery(f *testing.F) {
	valid := vectors()[4].request(f).RawQuery
	f.Add(valid)
	f.Add(valid + "&x-amz-acl=public-read")
	f.Add(strings.ToLower(valid))
	f.Add("AWSAccessKeyId=a&Signature=b&Expires=1")
	f.Add("X-Amz-Algorithm&X-Amz-Credential=%2F%2F%2F%2F&X-Amz-Date=&X-Amz-Expires=-&X-Amz-SignedHeaders=&X-Amz-Signature=")
	f.Add("&&a=1&%58-Amz-Date=x&&")
	validV4A := presignV4A(f, "&X-Amz-Region-Set=us-%2A").RawQuery
	f.Add(validV4A)
	f.Add(validV4A + "&X-Amz-Region-Set=us-east-1")
	f.Add(strings.Replace(validV4A, "us-%2A", "", 1))
	f.Add(strings.Replace(validV4A, "ECDSA-P256", "HMAC", 1))
	verifier := sigv4.NewVerifier(sigv4.Options{})
	f.Fuzz(func(t *testing.T, raw string) {
		parsed, refusal := wire.ParseQuery(raw)
		if refusal != nil {
			return
		}
		req := newRequest(t, "GET", exampleHost, "/test.txt", "")
		req.RawQuery, req.HasQuery, req.Query = raw, true, parsed
		scheme, refusal := sigv4.Recognise(req)
		if refusal == nil && (scheme == sigv4.Query) != req.Query.Has("X-Amz-Algorithm") {
			t.Errorf("%q is %v", raw, scheme)
		}
		verified, refusal := verifier.Verify(req, s3Params(exampleNow))
		explains(t, verifier, req, s3Params(exampleNow), refusal)
		if verified != nil {
			want := 6
			if verified.Algorithm == algorithmV4A {
				want++ // the region set
			}
			if len(parsed) != want {
				t.Errorf("accepted %q", raw)
			}
			if claimed := sigv4.ClaimedService(req); claimed != verified.Service {
				t.Errorf("%q claims the service %q", raw, claimed)
			}
		}
		sigv4.StripAuthentication(req)
		again, refusal := wire.ParseQuery(req.RawQuery)
		if refusal != nil || len(again) != len(req.Query) {
			t.Fatalf("%q was stripped to %q: %v", raw, req.RawQuery, refusal)
		}
		for i, p := range again {
			if p != req.Query[i] || sigv4.IsAuthParam(p.Name) {
				t.Errorf("%q was stripped to %q", raw, req.RawQuery)
			}
		}
	})
}

// FuzzSignature: header values, paths and queries that anybody sends verify
// when signed, and only then.
func FuzzSignature(f *testing.F) {
	f.Add("/a%20b", "list-type=2&prefix=a%2Fb", "value  with   spaces")
	f.Add("/%7e@", "%e1%88%b4=1&~=2&a&a=", "\t\"a  b\" ")
	f.Add("/", "", "")
	f.Fuzz(func(t *testing.T, path, raw, value string) {
		target := path
		if raw != "" {
			target += "?" + raw
		}
		if _, _, _, refusal := wire.ParseTarget(target); refusal != nil || strings.ContainsAny(value, "\n\r\x00") {
			return
		}
		parsed, refusal := wire.ParseQuery(raw)
		if refusal != nil {
			return
		}
		for _, p := range parsed {
			if sigv4.IsAuthParam(p.Name) {
				return
			}
		}
		req := newRequest(t, "GET", exampleHost, target, "", "x-amz-meta-a", value)
		if _, refusal := sigv4.Recognise(req); refusal != nil {
			return
		}
		sigv4.NewSigner().Sign(req, exampleCredentials, "s3", "us-east-1", emptyHash, exampleNow)
		verifier := sigv4.NewVerifier(sigv4.Options{})
		if _, refusal := verifier.Verify(req, s3Params(exampleNow)); refusal != nil {
			t.Fatalf("%s, %q: %v", target, value, refusal)
		}
		changed := clone(req)
		changed.Path += "x"
		if _, refusal := verifier.Verify(changed, s3Params(exampleNow)); refusal == nil {
			t.Errorf("%s: accepted with another path", target)
		}
		changed = clone(req)
		changed.Fields.Set("x-amz-meta-a", value+"x")
		if _, refusal := verifier.Verify(changed, s3Params(exampleNow)); refusal == nil {
			t.Errorf("%q: accepted with another value", value)
		}
	})
}

// naiveDecode decodes an aws-chunked stream that is known to be well-formed.
func naiveDecode(stream string) string {
	var out strings.Builder
	for {
		line, rest, _ := strings.Cut(stream, "\r\n")
		digits, _, _ := strings.Cut(line, ";")
		size, err := strconv.ParseUint(strings.TrimRight(digits, " "), 16, 32)
		if err != nil || size == 0 {
			return out.String()
		}
		out.WriteString(rest[:size])
		stream = rest[size+2:]
	}
}

func FuzzChunks(f *testing.F) {
	crc := "x-amz-checksum-crc32:" + checksumOf("crc32", small)
	uploads := []chunked{
		{plainSigned, "7", "", func(c *chunkChain) string { return encodeSigned(c, "", small) }},
		{trailerSigned, "7", "x-amz-checksum-crc32", func(c *chunkChain) string { return encodeSigned(c, crc, small) }},
		{trailerOnly, "7", "x-amz-checksum-crc32", func(*chunkChain) string { return encodeUnsigned(crc, small) }},
		{plainSignedV4A, "7", "", func(c *chunkChain) string { return encodeSigned(c, "", small) }},
		{trailerSignedV4A, "7", "x-amz-checksum-crc32", func(c *chunkChain) string { return encodeSigned(c, crc, small) }},
	}
	request, verified := make([]*wire.Request, len(uploads)), make([]*sigv4.Verified, len(uploads))
	for mode, u := range uploads {
		request[mode], verified[mode] = u.request(f)
		stream, _ := io.ReadAll(request[mode].Body)
		f.Add(uint8(mode), int64(7), stream, uint8(1))
		f.Add(uint8(mode), int64(0), stream, uint8(3))
		f.Add(uint8(mode), int64(7), stream[:len(stream)-1], uint8(200))
		f.Add(uint8(mode), int64(7), append(stream, 'x'), uint8(7))
	}
	f.Add(uint8(2), int64(8192+7), []byte(encodeUnsigned("x-amz-checksum-crc32:"+checksumOf("crc32", big[:8192]+small), big[:8192], small)), uint8(9))
	f.Fuzz(func(t *testing.T, mode uint8, length int64, stream []byte, piece uint8) {
		mode %= uint8(len(uploads))
		base, v := request[mode], verified[mode]
		run := func(source io.Reader, piece int) (string, *wire.Refusal, int64) {
			req := clone(base)
			req.Fields.Set("x-amz-decoded-content-length", fmt.Sprint(length))
			req.Body, req.BodySize = io.NopCloser(source), int64(len(stream))
			body, refusal := sigv4.NewBody(req, v, 0)
			if refusal != nil {
				return "", refusal, 0
			}
			defer body.Close()
			yielded, err := readAll(body, piece)
			if (err == nil) != (body.Refusal() == nil) {
				t.Fatalf("%v, but the refusal is %v", err, body.Refusal())
			}
			if err != nil && int64(len(yielded)) >= body.Size() {
				t.Fatalf("all %d bytes were yielded of a body that failed: %v", len(yielded), err)
			}
			if err == nil && int64(len(yielded)) != body.Size() {
				t.Fatalf("%d bytes were yielded of %d", len(yielded), body.Size())
			}
			return string(yielded), body.Refusal(), body.Size()
		}
		whole, refusal, _ := run(bytes.NewReader(stream), 0)
		for _, source := range []io.Reader{
			iotest.OneByteReader(bytes.NewReader(stream)), iotest.HalfReader(bytes.NewReader(stream)), iotest.DataErrReader(bytes.NewReader(stream)),
		} {
			split, other, _ := run(source, int(piece))
			if (other == nil) != (refusal == nil) || other != nil && (other.Code != refusal.Code || other.Message != refusal.Message) {
				t.Fatalf("%v, but with other reads %v", refusal, other)
			}
			if refusal == nil && split != whole {
				t.Fatalf("%q, but with other reads %q", whole, split)
			}
		}
		if refusal != nil {
			return
		}
		decoded := naiveDecode(string(stream))
		if uploads[mode].trailer != "" {
			whole = naiveDecode(whole)
		}
		if whole != decoded || int64(len(decoded)) != length {
			t.Fatalf("decoded %q, want %q", whole, decoded)
		}
	})
}
