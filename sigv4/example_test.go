package sigv4_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
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
