package sigv4_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

// oneUser knows one access key.
type oneUser struct{}

func (oneUser) Key(accessKeyID, token string) (sigv4.Key, error) {
	if accessKeyID != "AKIAIOSFODNN7EXAMPLE" {
		return sigv4.Key{}, sigv4.ErrUnknownKey
	}
	if token != "" {
		return sigv4.Key{}, sigv4.ErrInvalidToken
	}
	return sigv4.Key{Secret: secret.New("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Version: 1}, nil
}

var verifier = sigv4.NewVerifier(sigv4.Options{})

// greet answers nobody but the holder of a key, whose body arrived as signed.
// No router may stand before it: what cleans a path breaks signatures.
func greet(w http.ResponseWriter, r *http.Request) {
	req, refusal := nethttp.Request(r, "http", netip.AddrPort{})
	var verified *sigv4.Verified
	if refusal == nil {
		verified, refusal = verifier.Verify(req, sigv4.Params{
			Now: time.Now(), Service: "s3", Regions: []string{"us-east-1"}, Keys: oneUser{},
		})
	}
	var body *sigv4.Body
	if refusal == nil {
		body, refusal = sigv4.NewBody(req, verified, 1<<20)
	}
	if refusal != nil {
		http.Error(w, refusal.Error(), refusal.Status)
		return
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, body.Refusal().Error(), body.Refusal().Status)
		return
	}
	fmt.Fprintf(w, "%s says %s\n", verified.AccessKeyID, text)
}

// A server that verifies what the AWS SDK signed.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(greet))
	defer server.Close()

	credentials := aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	const hashOfHello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	for _, body := range []string{"hello", "jello"} {
		req, err := http.NewRequest(http.MethodPut, server.URL+"/object", strings.NewReader(body))
		if err != nil {
			fmt.Println(err)
			return
		}
		req.Header.Set("X-Amz-Content-Sha256", hashOfHello)
		if err := v4.NewSigner().SignHTTP(context.Background(), credentials, req, hashOfHello, "s3", "us-east-1", time.Now()); err != nil {
			fmt.Println(err)
			return
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		fmt.Printf("%d %s", resp.StatusCode, text)
	}
	// Output:
	// 200 AKIAIOSFODNN7EXAMPLE says hello
	// 400 XAmzContentSHA256Mismatch: The provided 'x-amz-content-sha256' header does not match what was computed.
}

// A browser uploads what a policy permits, which somebody with a key signed.
func ExampleReadForm() {
	const policy = `{"expiration": "2015-12-29T01:00:00Z", "conditions": [{"bucket": "sigv4examplebucket"}, ["starts-with", "$key", "user/user1/"], ` +
		`["content-length-range", 1, 1024], {"x-amz-algorithm": "AWS4-HMAC-SHA256"}, ` +
		`{"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"}, {"x-amz-date": "20151229T000000Z"}]}`
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{
		{"key", "user/user1/${filename}"},
		{"x-amz-algorithm", "AWS4-HMAC-SHA256"},
		{"x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
		{"x-amz-date", "20151229T000000Z"},
		{"policy", base64.StdEncoding.EncodeToString([]byte(policy))},
		{"x-amz-signature", "4567985e65a79118d447f050ae075a288fdccb78d8c562597b236babf5cbde34"},
	} {
		_ = form.WriteField(field[0], field[1])
	}
	file, _ := form.CreateFormFile("file", "hello.txt")
	_, _ = io.WriteString(file, "Hello!")
	_ = form.Close()

	// The server's side.
	verifier := sigv4.NewVerifier(sigv4.Options{})
	upload, refusal := sigv4.ReadForm(&wire.Request{
		Method: "POST", Host: "sigv4examplebucket.s3.amazonaws.com", Path: "/",
		Fields: wire.Fields{{Name: "content-type", Value: form.FormDataContentType()}},
		Body:   io.NopCloser(&body), BodySize: int64(body.Len()),
	}, "sigv4examplebucket")
	if refusal != nil {
		fmt.Println(refusal)
		return
	}
	verified, refusal := verifier.VerifyForm(upload, sigv4.Params{
		Now: time.Date(2015, time.December, 29, 0, 30, 0, 0, time.UTC), Service: "s3", Regions: []string{"us-east-1"}, Keys: oneUser{},
	})
	if refusal != nil {
		fmt.Println(refusal)
		return
	}
	content, refusal := upload.Body(0)
	if refusal != nil {
		fmt.Println(refusal)
		return
	}
	defer content.Close()
	text, err := io.ReadAll(content)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s stores %q as %s\n", verified.AccessKeyID, text, upload.Key())
	// Output: AKIAIOSFODNN7EXAMPLE stores "Hello!" as user/user1/hello.txt
}
