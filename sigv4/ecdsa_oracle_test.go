package sigv4_test

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4a"
	v4auth "github.com/aws/smithy-go/aws-http-auth/v4"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// signAll has the oracle of SigV4A sign all fields, as that of SigV4 does.
type signAll struct{}

func (signAll) IsSigned(string) bool { return true }

func oracleV4AFor(service string) *sigv4a.Signer {
	return sigv4a.New(func(o *v4auth.SignerOptions) {
		o.HeaderRules, o.DisableDoublePathEscape = signAll{}, service == "s3"
	})
}

func signedByOracleV4A(t testing.TB, r *rand.Rand, oracle *sigv4a.Signer, out *http.Request, scheme sigv4.Scheme, payload, service string) *wire.Request {
	t.Helper()
	// This signer does not fold blanks in values.
	for _, values := range out.Header {
		for i := range values {
			values[i] = strings.Join(strings.FieldsFunc(values[i], func(c rune) bool { return c == ' ' }), " ")
		}
	}
	in := &sigv4a.SignRequestInput{
		Request: out, PayloadHash: []byte(payload), Service: service, Time: exampleNow,
		Credentials: credentials.Credentials{AccessKeyID: exampleID, SecretAccessKey: exampleSecret},
		RegionSet:   [][]string{{"us-east-1"}, {"*"}, {"eu-west-1", "us-*"}, {"", "US-EAST-1"}}[r.IntN(4)],
	}
	if hash, err := hex.DecodeString(payload); err == nil {
		in.PayloadHash = hash
	}
	if scheme == sigv4.Query {
		in.SignatureType = v4auth.SignatureTypeQueryString
		out.URL.RawQuery = strings.TrimPrefix(out.URL.RawQuery+"&X-Amz-Expires=900", "&")
	}
	if err := oracle.SignRequest(in); err != nil {
		t.Fatal(err)
	}
	out.Header.Del("Host") // Go sends the URL's
	return arrived(t, out)
}
