package refusal_test

import (
	"encoding/xml"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// TestSentences holds that what the verifier says of signatures is said as services of the
// query protocol say it.
func TestSentences(t *testing.T) {
	t.Parallel()
	const invalid, expired = "The security token included in the request is invalid.", "The security token included in the request is expired"
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	key := sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: secret.New("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")}
	tests := []struct {
		name   string
		signed time.Time
		key    sigv4.Key
		err    error
		code   string
		want   string
	}{
		{"unknown key", now, sigv4.Key{}, sigv4.ErrUnknownKey, "InvalidClientTokenId", invalid},
		{"invalid token", now, sigv4.Key{}, sigv4.ErrInvalidToken, "InvalidClientTokenId", invalid},
		{"expired token", now, sigv4.Key{}, sigv4.ErrExpiredToken, "ExpiredToken", expired},
		{"wrong secret", now, sigv4.Key{Secret: secret.New("another")}, nil, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."},
		{"too late", now.Add(-time.Hour), sigv4.Key{}, nil, "SignatureDoesNotMatch",
			"Signature expired: 20260301T110000Z is now earlier than 20260301T114500Z (20260301T120000Z - 15 min.)"},
		{"too early", now.Add(time.Hour), sigv4.Key{}, nil, "SignatureDoesNotMatch",
			"Signature not yet current: 20260301T130000Z is now later than 20260301T121500Z (20260301T120000Z + 15 min.)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := &wire.Request{Method: "GET", Scheme: "https", Host: "sts.example.com", Path: "/"}
			sigv4.NewSigner().Sign(req, key, "sts", "us-east-1", empty, tt.signed)
			params := sigv4.Params{Service: "sts", Regions: []string{"us-east-1"}, Now: now, Keys: lookUp{tt.key, tt.err}}
			_, r := sigv4.NewVerifier(sigv4.Options{}).Verify(req, params)
			if r == nil {
				t.Fatal("verified")
			}
			var got struct {
				Error struct{ Code, Message string }
			}
			if err := xml.Unmarshal(refusal.Body(refusal.Query, r, refusal.Facts{RequestID: "R"}), &got); err != nil {
				t.Fatal(err)
			}
			if got.Error.Code != tt.code || got.Error.Message != tt.want {
				t.Errorf("%s: %s\nwant %s: %s", got.Error.Code, got.Error.Message, tt.code, tt.want)
			}
		})
	}
}

// empty is the SHA-256 of no body.
const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// lookUp answers the same for every key.
type lookUp struct {
	key sigv4.Key
	err error
}

func (l lookUp) Key(string, string) (sigv4.Key, error) { return l.key, l.err }
