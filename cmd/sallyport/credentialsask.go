package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/sallyport-iam/sallyport/secret"
)

// asker asks a Security Token Service. It is safe for concurrent use.
type asker struct {
	source *credentialsSource
	client *sts.Client
	// caller are the credentials that calls are signed with; nil if a web identity
	// token is the credential.
	caller aws.CredentialsProvider
}

// open finds who makes the calls, and the way to the service.
func (s *credentialsSource) open(ctx context.Context) (*asker, error) {
	authorities, err := s.readAuthorities()
	if err != nil {
		return nil, err
	}
	transport, err := stsTransport(s.CAFile, authorities)
	if err != nil {
		return nil, err
	}
	a := &asker{source: s}
	options := sts.Options{
		Region: s.Region, BaseEndpoint: &s.Endpoint, Credentials: aws.AnonymousCredentials{},
		// A service that sends elsewhere would get tokens there.
		HTTPClient: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	if !s.withToken() {
		// Roles on the way to these credentials are asked of the same service, too.
		chain := []func(*awsconfig.LoadOptions) error{
			awsconfig.WithRegion(s.Region), awsconfig.WithSharedConfigProfile(s.Profile), awsconfig.WithBaseEndpoint(s.Endpoint),
		}
		if authorities != nil {
			chain = append(chain, awsconfig.WithCustomCABundle(bytes.NewReader(authorities)))
		}
		cfg, err := awsconfig.LoadDefaultConfig(ctx, chain...)
		if err != nil {
			return nil, fmt.Errorf("the credentials that make the call: %w", err)
		}
		a.caller, options.Credentials = cfg.Credentials, cfg.Credentials
	}
	a.client = sts.New(options)
	return a, nil
}

// longestAuthorities bounds a file of authorities; that of a system has some 200 KiB.
const longestAuthorities = 4 << 20

// readAuthorities reads the authorities of the endpoint; nil if none are named.
func (s *credentialsSource) readAuthorities() ([]byte, error) {
	if s.CAFile == "" {
		return nil, nil
	}
	text, err := readBounded(s.CAFile, longestAuthorities)
	if err != nil {
		return nil, fmt.Errorf("the authorities of the endpoint: %w", err)
	}
	return []byte(text), nil
}

// stsTransport verifies certificates by authorities, if some are named, and reads
// answers up to a limit.
func stsTransport(caFile string, authorities []byte) (http.RoundTripper, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if authorities != nil {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(authorities) {
			return nil, withHint(fmt.Errorf("%s has no certificate in PEM form", caFile), "it begins with -----BEGIN CERTIFICATE-----")
		}
		transport.TLSClientConfig.RootCAs = roots
	}
	return boundedAnswers{transport}, nil
}

// boundedAnswers cuts what no answer of the service is as long as.
type boundedAnswers struct{ http.RoundTripper }

const longestAnswer = 1 << 20

// RoundTrip sends a request.
func (b boundedAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, longestAnswer), response.Body}
	}
	return response, err
}

// longestToken is how long AssumeRoleWithWebIdentity lets a token be.
const longestToken = 20000

// readToken reads the web identity token.
func (s *credentialsSource) readToken() (string, error) {
	text, err := readBounded(s.WebIdentityTokenFile, longestToken)
	if err != nil {
		return "", fmt.Errorf("the web identity token: %w", err)
	}
	token := strings.TrimSpace(text)
	if len(token) < 4 {
		return "", fmt.Errorf("the web identity token: %s holds none", s.WebIdentityTokenFile)
	}
	return token, nil
}

// readBounded reads a small file.
func readBounded(path string, limit int64) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s is longer than %d bytes", path, limit)
	}
	return string(text), err
}

// tokenSubject is who a token says that it is about, unverified; empty if it does
// not say.
func tokenSubject(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	claims, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(claims)
	if err != nil {
		return ""
	}
	var named struct {
		Subject string `json:"sub"`
	}
	if json.Unmarshal(text, &named) != nil {
		return ""
	}
	return named.Subject
}

// question tells what is asked and by whom, as a digest: answers to another are
// not answers to it.
func (a *asker) question(ctx context.Context, serial string) (string, error) {
	s := a.source
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	var who string
	if a.caller == nil {
		token, err := s.readToken()
		if err != nil {
			return "", err
		}
		who = token
	} else {
		credentials, err := a.caller.Retrieve(ctx)
		if err != nil {
			return "", withHint(fmt.Errorf("there are no credentials to make the call with: %w", err),
				"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile")
		}
		who = credentials.AccessKeyID
	}
	text, err := json.Marshal([]string{s.Endpoint, s.Region, s.RoleARN, s.SessionName, s.Duration.String(), s.ExternalID, serial, who})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// ask makes the call. token is the web identity token; empty for the one of the
// file.
func (a *asker) ask(ctx context.Context, token, serial, code string) (*temporary, error) {
	s := a.source
	var seconds *int32
	if s.Duration != 0 {
		seconds = aws.Int32(int32(s.Duration / time.Second))
	}
	var got *types.Credentials
	switch {
	case a.caller == nil:
		if token == "" {
			var err error
			if token, err = s.readToken(); err != nil {
				return nil, err
			}
		}
		out, err := a.client.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: &s.RoleARN, RoleSessionName: aws.String(s.sessionName(token)), WebIdentityToken: &token, DurationSeconds: seconds,
		})
		if err != nil {
			return nil, err
		}
		got = out.Credentials
	case s.RoleARN != "":
		out, err := a.client.AssumeRole(ctx, &sts.AssumeRoleInput{
			RoleArn: &s.RoleARN, RoleSessionName: aws.String(s.sessionName("")), DurationSeconds: seconds,
			ExternalId: given(s.ExternalID), SerialNumber: given(serial), TokenCode: given(code),
		})
		if err != nil {
			return nil, err
		}
		got = out.Credentials
	default:
		out, err := a.client.GetSessionToken(ctx, &sts.GetSessionTokenInput{
			DurationSeconds: seconds, SerialNumber: given(serial), TokenCode: given(code),
		})
		if err != nil {
			return nil, err
		}
		got = out.Credentials
	}
	if got == nil || aws.ToString(got.AccessKeyId) == "" || aws.ToString(got.SecretAccessKey) == "" || aws.ToString(got.SessionToken) == "" || got.Expiration == nil {
		return nil, errors.New("the service answered without credentials")
	}
	return &temporary{*got.AccessKeyId, secret.New(*got.SecretAccessKey), secret.New(*got.SessionToken), *got.Expiration}, nil
}

// given is a parameter that is sent if it is not empty.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// unknownError is the code that the SDK makes up for an answer that is none of STS.
const unknownError = "UnknownError"

// refusedWith is what the service said no with, in its own words; nil if it did not.
func refusedWith(err error) smithy.APIError {
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() == "" || refused.ErrorCode() == unknownError {
		return nil
	}
	return refused
}

// explainSTS says what to do about an answer of the service.
func explainSTS(err error, s *credentialsSource) error {
	refused := refusedWith(err)
	if refused == nil {
		return withHint(err, "is "+s.Endpoint+" a door of Sallyport that offers sts?")
	}
	text := fmt.Errorf("%s: %s", refused.ErrorCode(), refused.ErrorMessage())
	switch refused.ErrorCode() {
	case "ExpiredTokenException", "ExpiredToken":
		return withHint(text, "get a new token; a service account's is renewed in its file")
	case "InvalidIdentityToken":
		return withHint(text, "the token's issuer, audience and algorithm must be those of a provider in the role's account")
	case "IDPCommunicationError":
		return withHint(text, "Sallyport cannot get the provider's keys; its log says why")
	case "AccessDenied":
		return withHint(text, "the trust policy of the role must let the caller in, with the conditions it has")
	}
	return text
}
