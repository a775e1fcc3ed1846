package sigv4_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// The key of AWS's published examples.
const (
	exampleID     = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	exampleTime   = "20130524T000000Z"
	exampleHost   = "examplebucket.s3.amazonaws.com"
	emptyHash     = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

var exampleNow = time.Date(2013, time.May, 24, 0, 0, 0, 0, time.UTC)

// keys is a look-up over a table; a value of the form "SECRET TOKEN" is a
// temporary key.
type keys map[string]string

func (k keys) Key(id, token string) (sigv4.Key, error) {
	value, ok := k[id]
	if !ok {
		return sigv4.Key{}, sigv4.ErrUnknownKey
	}
	sec, want, _ := strings.Cut(value, " ")
	switch {
	case want == "expired":
		return sigv4.Key{}, sigv4.ErrExpiredToken
	case want != "" && token == "":
		return sigv4.Key{}, sigv4.ErrUnknownKey
	case want != token:
		return sigv4.Key{}, sigv4.ErrInvalidToken
	}
	return sigv4.Key{Secret: secret.New(sec), Version: 1}, nil
}

var exampleKeys = keys{exampleID: exampleSecret}

func s3Params(now time.Time) sigv4.Params {
	return sigv4.Params{
		Now: now, Service: "s3", Regions: []string{"us-east-1"}, Keys: exampleKeys,
		Payload: sigv4.PayloadRule{Chunked: true},
	}
}

// newRequest makes a request as a door does. fields are names and values in
// turn.
func newRequest(t testing.TB, method, host, target, body string, fields ...string) *wire.Request {
	t.Helper()
	req := &wire.Request{Method: method, Scheme: "https", Host: host}
	var refusal *wire.Refusal
	if req.Path, req.RawQuery, req.HasQuery, refusal = wire.ParseTarget(target); refusal != nil {
		t.Fatal(refusal)
	}
	if req.Query, refusal = wire.ParseQuery(req.RawQuery); refusal != nil {
		t.Fatal(refusal)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Fields.Add(fields[i], fields[i+1])
	}
	if body != "" {
		req.Body, req.BodySize = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
	return req
}

func clone(req *wire.Request) *wire.Request {
	c := *req
	c.Fields = req.Fields.Clone()
	return &c
}

// authorization is an Authorization field of the example key.
func authorization(signedHeaders, signature string) string {
	return exampleChain().authorization(signedHeaders, signature)
}

// signLike puts a signature on a request, computed from the string to sign
// that the verifier shows when it refuses a wrong one: for requests that no
// signer makes.
func signLike(t testing.TB, req *wire.Request, signedHeaders string) {
	t.Helper()
	signAs(t, req, signedHeaders, exampleChain())
}

// signAs is signLike with the algorithm and the key of a chain.
func signAs(t testing.TB, req *wire.Request, signedHeaders string, c *chunkChain) {
	t.Helper()
	req.Fields.Set("authorization", c.authorization(signedHeaders, zeroSignature))
	req.Fields.Set("authorization", c.authorization(signedHeaders, c.sign(shownToSign(t, req))))
}

// shownToSign is the string to sign of a request with a wrong signature.
func shownToSign(t testing.TB, req *wire.Request) string {
	t.Helper()
	_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
	if refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
		t.Fatalf("no canonical request was shown: %v", refusal)
	}
	return detail(refusal, "StringToSign")
}

func detail(r *wire.Refusal, name string) string {
	for _, e := range r.Detail {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

// chunkChain signs chunks in the way AWS documents it, with the standard
// library alone.
type chunkChain struct {
	algorithm                  string
	timestamp, scope, previous string
	sign                       func(toSign string) string
	length                     int // of a chunk's signature
}

func exampleChain() *chunkChain {
	c := &chunkChain{algorithm: "AWS4-HMAC-SHA256", timestamp: exampleTime, scope: "20130524/us-east-1/s3/aws4_request", length: 64}
	key := []byte("AWS4" + exampleSecret)
	for part := range strings.SplitSeq(c.scope, "/") {
		key = mac(key, part)
	}
	c.sign = func(toSign string) string { return hex.EncodeToString(mac(key, toSign)) }
	return c
}

// chainOf is the chain that a value of x-amz-content-sha256 calls for.
func chainOf(payload string) *chunkChain {
	if strings.Contains(payload, "ECDSA") {
		return exampleChainV4A()
	}
	return exampleChain()
}

// authorization is an Authorization field of the example key, with the
// algorithm of the chain.
func (c *chunkChain) authorization(signedHeaders, signature string) string {
	return c.algorithm + " Credential=" + exampleID + "/" + c.scope + ", SignedHeaders=" + signedHeaders + ", Signature=" + signature
}

// padded is a signature as it stands in a stream.
func (c *chunkChain) padded(signature string) string {
	return signature + strings.Repeat("*", c.length-len(signature))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hashOf(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

func (c *chunkChain) chunk(data string) string {
	c.previous = c.sign(strings.Join([]string{
		c.algorithm + "-PAYLOAD", c.timestamp, c.scope, c.previous, emptyHash, hashOf(data),
	}, "\n"))
	return c.padded(c.previous)
}

func (c *chunkChain) trailer(text string) string {
	c.previous = c.sign(strings.Join([]string{
		c.algorithm + "-TRAILER", c.timestamp, c.scope, c.previous, hashOf(text),
	}, "\n"))
	return c.padded(c.previous)
}

// encodeSigned is an aws-chunked stream with signatures. trailer is
// "name:value" or "".
func encodeSigned(c *chunkChain, trailer string, chunks ...string) string {
	var b strings.Builder
	for _, data := range chunks {
		fmt.Fprintf(&b, "%x;chunk-signature=%s\r\n%s\r\n", len(data), c.chunk(data), data)
	}
	fmt.Fprintf(&b, "0;chunk-signature=%s\r\n", c.chunk(""))
	if trailer != "" {
		fmt.Fprintf(&b, "%s\r\nx-amz-trailer-signature:%s\r\n", trailer, c.trailer(trailer+"\n"))
	}
	b.WriteString("\r\n")
	return b.String()
}

// encodeUnsigned is an aws-chunked stream without signatures.
func encodeUnsigned(trailer string, chunks ...string) string {
	var b strings.Builder
	for _, data := range chunks {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(data), data)
	}
	b.WriteString("0\r\n")
	if trailer != "" {
		b.WriteString(trailer + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}

// streaming is a verified PUT with an aws-chunked body. encode gets the chain
// that continues the request's signature.
func streaming(t testing.TB, payload, decodedLength, trailer string, encode func(*chunkChain) string) (*wire.Request, *sigv4.Verified) {
	t.Helper()
	fields := []string{"x-amz-date", exampleTime, "x-amz-content-sha256", payload, "content-encoding", "aws-chunked"}
	signed := "content-encoding;host;x-amz-content-sha256;x-amz-date"
	if decodedLength != "" {
		fields = append(fields, "x-amz-decoded-content-length", decodedLength)
		signed += ";x-amz-decoded-content-length"
	}
	chain := chainOf(payload)
	if chain.algorithm == algorithmV4A {
		fields = append(fields, "x-amz-region-set", "*")
		signed += ";x-amz-region-set"
	}
	if trailer != "" {
		fields = append(fields, "x-amz-trailer", trailer)
		signed += ";x-amz-trailer"
	}
	req := newRequest(t, "PUT", exampleHost, "/object", "", fields...)
	signAs(t, req, signed, chain)
	verified, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
	if refusal != nil {
		t.Fatal(refusal)
	}
	_, chain.previous, _ = strings.Cut(req.Fields.Get("authorization"), "Signature=")
	body := encode(chain)
	req.Body, req.BodySize = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return req, verified
}

// readAll reads a body in pieces of the given size (0: at once).
func readAll(b *sigv4.Body, piece int) ([]byte, error) {
	if piece == 0 {
		return io.ReadAll(b)
	}
	var out bytes.Buffer
	p := make([]byte, piece)
	for {
		n, err := b.Read(p)
		out.Write(p[:n])
		if err == io.EOF {
			return out.Bytes(), nil
		}
		if err != nil {
			return out.Bytes(), err
		}
	}
}
