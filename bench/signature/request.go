// Package signature measures what it takes to verify and to make signatures of
// Signature Version 4, beside the hashes that no implementation can do without
// and beside the signers of SDKs.
package signature

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	v4acredentials "github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4a"
	v4auth "github.com/aws/smithy-go/aws-http-auth/v4"
	"github.com/minio/minio-go/v7/pkg/signer"

	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

// The key of AWS's published examples.
const (
	accessKeyID     = "AKIAIOSFODNN7EXAMPLE"
	secretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	service, region = "s3", "us-east-1"
	emptyHash       = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// Modules are those of the signers that Sallyport is compared with.
var Modules = []string{"github.com/aws/aws-sdk-go-v2", "github.com/minio/minio-go/v7"}

// now is when everything is signed and verified.
var now = time.Now().UTC().Truncate(time.Second)

// keys knows the one key.
type keys struct{}

// Key implements sigv4.Keys.
func (keys) Key(id, token string) (sigv4.Key, error) {
	if id != accessKeyID || token != "" {
		return sigv4.Key{}, sigv4.ErrUnknownKey
	}
	return sigv4.Key{Secret: secret.New(secretAccessKey), Version: 1}, nil
}

func params() sigv4.Params {
	return sigv4.Params{
		Now: now, Service: service, Regions: []string{region}, Keys: keys{},
		Payload: sigv4.PayloadRule{Chunked: true},
	}
}

// outgoing is a GET with the fields that SDKs send, not signed.
func outgoing() (*http.Request, error) {
	const target = "https://bucket.s3.us-east-1.amazonaws.com/some/key/with/parts.txt?x-id=GetObject"
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	r.Header = http.Header{
		"Accept-Encoding": {"identity"}, "Amz-Sdk-Invocation-Id": {"8e3d2f1c-37b8-4c1f-9a65-30a6bca5b0f0"},
		"Amz-Sdk-Request": {"attempt=1; max=3"}, "Range": {"bytes=0-1048575"},
		"User-Agent":           {"aws-sdk-go-v2/1.45.1 os/linux lang/go#1.26 md/GOOS#linux md/GOARCH#amd64 api/s3#1.109"},
		"X-Amz-Checksum-Mode":  {"ENABLED"},
		"X-Amz-Content-Sha256": {emptyHash},
	}
	return r, nil
}

var credentials = sigv4.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret.New(secretAccessKey)}

func sdkSigner() *v4.Signer {
	return v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
}

var sdkCredentials = aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secretAccessKey}

// arrived is a request as a door has it.
func arrived(r *http.Request) (*wire.Request, error) {
	r.RequestURI = r.URL.RequestURI()
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	req, refusal := nethttp.Request(r, "https", netip.AddrPort{})
	if refusal != nil {
		return nil, refusal
	}
	return req, nil
}

// signedHeader is a GET that the SDK signed in the header.
func signedHeader() (*wire.Request, error) {
	r, err := outgoing()
	if err != nil {
		return nil, err
	}
	if err := sdkSigner().SignHTTP(context.Background(), sdkCredentials, r, emptyHash, service, region, now); err != nil {
		return nil, err
	}
	return arrived(r)
}

// signAll has the signer of SigV4A sign all fields, as that of SigV4 does.
type signAll struct{}

// IsSigned implements v4auth.SignedHeaderRules.
func (signAll) IsSigned(string) bool { return true }

// signedV4A is a GET that the SDK's signer of SigV4A signed.
func signedV4A() (*wire.Request, error) {
	r, err := outgoing()
	if err != nil {
		return nil, err
	}
	nothing := sha256.Sum256(nil)
	g := sigv4a.New(func(o *v4auth.SignerOptions) { o.HeaderRules, o.DisableDoublePathEscape = signAll{}, true })
	err = g.SignRequest(&sigv4a.SignRequestInput{
		Request: r, PayloadHash: nothing[:], Service: service, RegionSet: []string{region}, Time: now,
		Credentials: v4acredentials.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secretAccessKey},
	})
	if err != nil {
		return nil, err
	}
	r.Header.Del("Host") // net/http has it elsewhere
	return arrived(r)
}

// presigned is a GET that the SDK presigned.
func presigned() (*wire.Request, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet,
		"https://bucket.s3.us-east-1.amazonaws.com/some/key/with/parts.txt?X-Amz-Expires=900&x-id=GetObject", nil)
	if err != nil {
		return nil, err
	}
	link, _, err := sdkSigner().PresignHTTP(context.Background(), sdkCredentials, r, "UNSIGNED-PAYLOAD", service, region, now)
	if err != nil {
		return nil, err
	}
	if r, err = http.NewRequestWithContext(context.Background(), http.MethodGet, link, nil); err != nil {
		return nil, err
	}
	return arrived(r)
}

// check tells whether a verifier takes a request, and refuses it at another
// path. It returns what a verifier has to hash: the lengths of the canonical
// request and of the string to sign.
func check(req *wire.Request) (canonical, toSign int, err error) {
	v := sigv4.NewVerifier(sigv4.Options{})
	if _, refusal := v.Verify(req, params()); refusal != nil {
		return 0, 0, fmt.Errorf("what the SDK signed is refused: %w", refusal)
	}
	other := *req
	other.Path = strings.Replace(req.Path, "parts", "ports", 1)
	_, refusal := v.Verify(&other, params())
	if refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
		return 0, 0, errors.New("a signature of another path is taken")
	}
	for _, e := range refusal.Detail {
		switch e.Name {
		case "CanonicalRequest":
			canonical = len(e.Value)
		case "StringToSign":
			toSign = len(e.Value)
		}
	}
	return canonical, toSign, nil
}

// Floor is what no verifier can go below: SHA-256 of the canonical request and
// one HMAC, of texts as long.
func Floor(canonical, toSign int) func(n int) {
	text, message, h := make([]byte, canonical), make([]byte, toSign), hmac.New(sha256.New, make([]byte, sha256.Size))
	return func(n int) {
		var sum [sha256.Size]byte
		for range n {
			sum = sha256.Sum256(text)
			h.Reset()
			h.Write(message)
			h.Sum(sum[:0])
		}
	}
}

// verify verifies a request with a key that is remembered.
func verify(req *wire.Request) func(n int) {
	v, p := sigv4.NewVerifier(sigv4.Options{}), params()
	return func(n int) {
		for range n {
			if _, refusal := v.Verify(req, p); refusal != nil {
				panic(refusal)
			}
		}
	}
}

// sign signs a request again for the next hop, as a proxy does.
func sign(req *wire.Request) func(n int) {
	g, out := sigv4.NewSigner(), *req
	fields := make(wire.Fields, 0, len(req.Fields)+8)
	return func(n int) {
		for range n {
			out.Fields = append(fields[:0], req.Fields...)
			g.Sign(&out, credentials, service, region, emptyHash, now)
		}
	}
}

// signSDK does the same with the SDK's signer.
func signSDK() (func(n int), error) {
	r, err := outgoing()
	if err != nil {
		return nil, err
	}
	g := sdkSigner()
	return func(n int) {
		for range n {
			if err := g.SignHTTP(context.Background(), sdkCredentials, r, emptyHash, service, region, now); err != nil {
				panic(err)
			}
		}
	}, nil
}

// signMinIO does the same with the signer of minio-go, which takes the time
// itself.
func signMinIO() (func(n int), error) {
	r, err := outgoing()
	if err != nil {
		return nil, err
	}
	return func(n int) {
		for range n {
			signer.SignV4(*r, accessKeyID, secretAccessKey, "", region)
		}
	}, nil
}

// row is an operation of the first table. A further one is a further row.
type row struct {
	measure.Subject
	// floor is the name of the row that it is compared with; "" for a floor.
	floor string
	// nanoseconds and allocations are the goal; 0 if there is none.
	nanoseconds, allocations float64
}

const (
	headerFloor    = "floor of a header: SHA-256 and one HMAC"
	presignedFloor = "floor of a presigned URL: the same"
)

// rows are all operations, checked.
func rows() ([]row, error) {
	header, err := signedHeader()
	if err != nil {
		return nil, err
	}
	link, err := presigned()
	if err != nil {
		return nil, err
	}
	headerV4A, err := signedV4A()
	if err != nil {
		return nil, err
	}
	if _, _, err := check(headerV4A); err != nil {
		return nil, err
	}
	headerText, headerMessage, err := check(header)
	if err != nil {
		return nil, err
	}
	linkText, linkMessage, err := check(link)
	if err != nil {
		return nil, err
	}
	sdk, err := signSDK()
	if err != nil {
		return nil, err
	}
	minio, err := signMinIO()
	if err != nil {
		return nil, err
	}
	const micro = 1e3
	return []row{
		{measure.Subject{Name: headerFloor, Do: Floor(headerText, headerMessage)}, "", 0, 0},
		{measure.Subject{Name: "verify a header", Do: verify(header)}, headerFloor, 3 * micro, 6},
		{measure.Subject{Name: "verify a header, SigV4A", Do: verify(headerV4A)}, headerFloor, 0, 0},
		{measure.Subject{Name: presignedFloor, Do: Floor(linkText, linkMessage)}, "", 0, 0},
		{measure.Subject{Name: "verify a presigned URL", Do: verify(link)}, presignedFloor, 3 * micro, 6},
		{measure.Subject{Name: "sign", Do: sign(header)}, headerFloor, 3 * micro, 4},
		{measure.Subject{Name: "sign, aws-sdk-go-v2", Do: sdk}, headerFloor, 0, 0},
		{measure.Subject{Name: "sign, minio-go", Do: minio}, headerFloor, 0, 0},
	}, nil
}
