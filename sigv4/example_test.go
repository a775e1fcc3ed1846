package sigv4_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"time"

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

// A server that answers nobody but the holder of a key.
func Example() {
	verifier := sigv4.NewVerifier(sigv4.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, refusal := nethttp.Request(r, "http", netip.AddrPort{})
		if refusal != nil {
			http.Error(w, refusal.Code, refusal.Status)
			return
		}
		verified, refusal := verifier.Verify(req, sigv4.Params{
			Now: time.Now(), Service: "s3", Regions: []string{"us-east-1"}, Keys: oneUser{},
		})
		if refusal != nil {
			http.Error(w, refusal.Error(), refusal.Status)
			return
		}
		fmt.Fprintln(w, "hello", verified.AccessKeyID)
	}))
	defer server.Close()

	// A client that signs, and one that does not.
	req := &wire.Request{Method: "GET", Host: strings.TrimPrefix(server.URL, "http://"), Path: "/object"}
	sigv4.NewSigner().Sign(req, sigv4.Credentials{
		AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
		SecretAccessKey: secret.New("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
	}, "s3", "us-east-1", "UNSIGNED-PAYLOAD", time.Now())
	for _, fields := range []wire.Fields{req.Fields, nil} {
		out, _ := http.NewRequest(req.Method, server.URL+req.Path, nil)
		for _, field := range fields {
			out.Header.Set(field.Name, field.Value)
		}
		resp, err := http.DefaultClient.Do(out)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(resp.StatusCode)
		_ = resp.Body.Close()
	}
	// Output:
	// 200
	// 403
}
