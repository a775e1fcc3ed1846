package upstream

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// CallerCredentials are what the requests of some callers are signed with, for
// stores that keep their own accounts apart.
type CallerCredentials struct {
	// Principal is the ARN of a user or a role, or a 12-digit account: a user's
	// are also those of its federated sessions, a role's those of its sessions.
	Principal   string
	Credentials aws.CredentialsProvider
}

// providerOf finds the credentials for a caller: those of the principal before
// those of its account, and the upstream's own for everybody else; nil is
// Sallyport itself.
func (u *Upstream) providerOf(c *authz.Caller) aws.CredentialsProvider {
	if c == nil || len(u.callers) == 0 {
		return u.options.Credentials
	}
	for _, principal := range [...]string{c.ARN, c.ParentARN, c.Account} {
		if provider := u.callers[principal]; provider != nil && principal != "" {
			return provider
		}
	}
	return u.options.Credentials
}

// credentialsOf are what a caller's request is signed with.
func (u *Upstream) credentialsOf(ctx context.Context, c *authz.Caller) (sigv4.Credentials, *wire.Refusal) {
	credentials, err := u.providerOf(c).Retrieve(ctx)
	if err != nil {
		return sigv4.Credentials{}, wire.Unavailable(fmt.Sprintf("upstream %q: the credentials to sign with: %v", u.options.Name, err))
	}
	if !credentials.HasKeys() {
		return sigv4.Credentials{}, wire.Unavailable(fmt.Sprintf("upstream %q: the credentials to sign with are empty", u.options.Name))
	}
	return sigv4.Credentials{
		AccessKeyID:     credentials.AccessKeyID,
		SecretAccessKey: secret.New(credentials.SecretAccessKey),
		SessionToken:    secret.New(credentials.SessionToken),
	}, nil
}
