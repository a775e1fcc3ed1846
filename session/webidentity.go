package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/wire"
)

// VerifyWebIdentity is the holder of a token that asks for a role, as
// AssumeRoleWithWebIdentity has it: of a provider that the role's account declares.
func VerifyWebIdentity(ctx context.Context, v *oidc.Verifier, snap *bundle.Snapshot, roleARN, token string, now time.Time) (*Federated, *wire.Refusal) {
	issuer, err := oidc.Issuer(token)
	if err != nil {
		return nil, notGenuine(err)
	}
	account := accountOf(roleARN)
	for _, p := range snap.ProvidersOf(issuer) {
		if p.Account != account {
			continue
		}
		claims, _, err := v.Verify(ctx, p.OIDC, token, now)
		if err != nil {
			return nil, notGenuine(err)
		}
		return FromWebIdentity(p, claims)
	}
	return nil, identityToken("No OpenIDConnect provider found in your account for the issuer of the token", "account "+account+" declares no provider of the token's issuer")
}

// accountOf is the account in an ARN of IAM; empty if that is none.
func accountOf(arn string) string {
	f := strings.SplitN(arn, ":", 6)
	if len(f) < 6 || f[0] != "arn" || f[2] != "iam" {
		return ""
	}
	return f[4]
}

// notGenuine is the refusal of a token that was not accepted, in the words of AWS's
// STS.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
func notGenuine(err error) *wire.Refusal {
	failed, ok := errors.AsType[*oidc.Error](err)
	if !ok {
		return wire.Unavailable("verifying a token: " + err.Error())
	}
	switch failed.Kind {
	case oidc.Expired:
		return &wire.Refusal{Status: 400, Code: "ExpiredTokenException", Message: "Token expired", Cause: failed.Cause}
	case oidc.Unreachable:
		return &wire.Refusal{
			Status: 400, Code: "IDPCommunicationError", Message: "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
			Retryable: true, Cause: failed.Cause,
		}
	case oidc.Malformed:
		return identityToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)", failed.Cause)
	case oidc.NotYet:
		return identityToken("The ID Token provided is not valid yet", failed.Cause)
	}
	return identityToken("The ID Token provided could not be verified", failed.Cause)
}

func identityToken(message, cause string) *wire.Refusal {
	return &wire.Refusal{Status: 400, Code: "InvalidIdentityToken", Message: message, Cause: cause}
}
