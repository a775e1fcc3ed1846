//go:build unix

package tour

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// Account is the account of the quickstart's bundle.
const Account = "111122223333"

// Users are the quickstart's users.
var Users = []string{"alice", "bob", "carol"}

// anonymous is who calls without credentials.
const anonymous = "anonymous"

// Guide knows where Sallyport is and whom to be there.
type Guide struct {
	// Endpoint is the URL for clients: Sallyport's, or that of the Envoy before
	// it.
	Endpoint string
	// BehindEnvoy tells that it is Envoy's.
	BehindEnvoy bool
	// Bundle is the folder of the bundle that is served.
	Bundle string
	// Server serves it.
	Server *sallyport.Server
	// Keys are the users' access keys.
	Keys map[string]sallyport.Key
}

// client is aws-sdk-go-v2 with its default settings, as who.
func (g *Guide) client(ctx context.Context, who string, options ...func(*s3.Options)) (*s3.Client, error) {
	key := g.Keys[who]
	var provider aws.CredentialsProvider = credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, "")
	if who == anonymous {
		provider = aws.AnonymousCredentials{}
	}
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithBaseEndpoint(g.Endpoint),
		config.WithRegion(store.Region),
		config.WithCredentialsProvider(provider),
		// Nothing of the user's own.
		config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil))
	if err != nil {
		return nil, err
	}
	return s3.NewFromConfig(cfg, options...), nil
}

// allowed is the answer to a call that went through.
func allowed(format string, arguments ...any) Answer {
	return Answer{Verdict: Allowed, Reason: fmt.Sprintf(format, arguments...)}
}

// judge makes an answer of an SDK's error.
func judge(err error) (Answer, error) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return Answer{Verdict: Failed, Reason: err.Error()}, nil
	}
	return denial(api.ErrorCode(), api.ErrorMessage()), nil
}

// refusals are the codes that say no; any other error is a failure.
var refusals = map[string]bool{
	"AccessDenied": true, "SignatureDoesNotMatch": true, "RequestTimeTooSkewed": true, "InvalidAccessKeyId": true,
}

func denial(code, message string) Answer {
	verdict := Denied
	if !refusals[code] {
		verdict = Failed
	}
	return Answer{Verdict: verdict, Code: code, Reason: message}
}

// open fetches a URL as a browser would: without an SDK, without credentials.
func open(ctx context.Context, url string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Answer{}, err
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, err
	}
	if response.StatusCode == http.StatusOK {
		return allowed("%d, %s", response.StatusCode, size(len(body))), nil
	}
	var document struct{ Code, Message string }
	if err := xml.Unmarshal(body, &document); err != nil {
		return Answer{Verdict: Failed, Reason: response.Status}, nil
	}
	return denial(document.Code, document.Message), nil
}

func size(n int) string {
	switch {
	case n == 1:
		return "1 byte"
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// wrongClock signs as a machine whose clock is wrong by off.
type wrongClock struct{ off time.Duration }

func (c wrongClock) SignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payload, service, region string, at time.Time, options ...func(*v4.SignerOptions)) error {
	return v4.NewSigner().SignHTTP(ctx, credentials, r, payload, service, region, at.Add(c.off), options...)
}

func (c wrongClock) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payload, service, region string, at time.Time, options ...func(*v4.SignerOptions)) (string, http.Header, error) {
	return v4.NewSigner().PresignHTTP(ctx, credentials, r, payload, service, region, at.Add(c.off), options...)
}
