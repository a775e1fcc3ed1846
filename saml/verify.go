package saml

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
)

// The library has these for the whole process; nothing else in it verifies SAML.
func init() {
	saml.MaxIssueDelay = Redeemable
	saml.MaxClockSkew = Leeway
}

// service is the name of Amazon Web Services to identity providers.
const service = "urn:amazon:webservices"

// endpoint is the form of the URLs at which AWS takes responses.
// https://docs.aws.amazon.com/general/latest/gr/signin-service.html
var endpoint = regexp.MustCompile(`^https://([a-z0-9-]{1,32}\.)?signin\.aws\.amazon\.com/saml(/acs/[A-Za-z0-9-]{1,64})?$`)

// Verify verifies a base64-encoded response of the provider: what a browser would
// post to AWS's sign-in endpoint, and AssumeRoleWithSAML takes. The response is
// for AWS (its audience) at one of its endpoints (the recipient), and no older than
// Redeemable. It may be used more than once until then, as at AWS. An error is an
// *[Error].
func (p *Provider) Verify(response string, now time.Time) (*Claims, error) {
	if len(response) > MaxResponse {
		return nil, malformed("the SAML response has more than %d bytes", MaxResponse)
	}
	text, err := base64.StdEncoding.DecodeString(strings.Map(withoutBreaks, response))
	if err != nil {
		return nil, malformed("the SAML response is not base64")
	}
	s, err := look(text, false)
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return nil, malformed("the SAML response: %v", err)
	}
	if !endpoint.MatchString(s.recipient) {
		return nil, untrusted("the SAML response is for %s, not for a sign-in endpoint of AWS, such as https://signin.aws.amazon.com/saml (Recipient)", name(s.recipient))
	}
	recipient, err := url.Parse(s.recipient)
	if err != nil {
		return nil, malformed("the SAML response: its recipient is no URL")
	}
	sp := saml.ServiceProvider{
		// The signed recipient is compared with this.
		AcsURL:      *recipient,
		EntityID:    service,
		IDPMetadata: p.metadata,
		Clock:       dsig.NewFakeClockAt(now),
		// Nobody here sent a request: AWS does not compare what it answers, either.
		AllowIDPInitiated: true,
		ValidateRequestID: func(saml.Response, []string) error { return nil },
		ValidateAudienceRestriction: func(a *saml.Assertion) error {
			return checkAudience(a, s.recipient)
		},
		RejectUnknownConditions:  true,
		RejectExpiredIDPMetadata: true,
		RejectSHA1Signatures:     true,
	}
	assertion, err := sp.ParseXMLResponse(text, nil, *recipient)
	if err != nil {
		return nil, why(err)
	}
	return readClaims(assertion, s.recipient)
}

func withoutBreaks(r rune) rune {
	if r == '\r' || r == '\n' {
		return -1
	}
	return r
}

// checkAudience looks for AWS in each restriction of an assertion's audience.
func checkAudience(a *saml.Assertion, recipient string) error {
	restrictions := a.Conditions.AudienceRestrictions
	if len(restrictions) == 0 {
		return errors.New("there is none")
	}
	for i := range restrictions {
		if !slices.ContainsFunc(restrictions[i].AllAudiences(), func(audience saml.Audience) bool {
			value := strings.TrimSpace(audience.Value)
			return value == service || value == "https://signin.aws.amazon.com/saml" || value == recipient
		}) {
			return fmt.Errorf("none of its audiences is %s", service)
		}
	}
	return nil
}

// why says what the library found wrong, in few words: its error holds the whole
// response.
func why(err error) error {
	if invalid, ok := errors.AsType[*saml.InvalidResponseError](err); ok && invalid.PrivateErr != nil {
		err = invalid.PrivateErr
	}
	cause := err.Error()
	if len(cause) > 300 {
		cause = strings.ToValidUTF8(cause[:300], "") + "…"
	}
	cause = "the SAML response is not accepted: " + cause
	switch {
	case errors.Is(err, saml.ErrInvalidSignature), errors.Is(err, saml.ErrUntrustedCertificate):
		return &Error{Kind: Untrusted, Cause: cause}
	case errors.Is(err, saml.ErrExpired):
		return &Error{Kind: Expired, Cause: cause}
	case errors.Is(err, saml.ErrNotYetValid):
		return &Error{Kind: NotYet, Cause: cause}
	case errors.Is(err, saml.ErrMalformedMessage), errors.Is(err, saml.ErrMissingElement):
		return &Error{Kind: Malformed, Cause: cause}
	}
	return &Error{Kind: Untrusted, Cause: cause}
}
