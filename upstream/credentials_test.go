package upstream_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/upstream"
)

// named are credentials that a request shows by their access key id.
func named(id string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secretAccessKey}, nil
	})
}

// TestCallerCredentials signs with the credentials of the principal, else of its
// account, else of the upstream.
func TestCallerCredentials(t *testing.T) {
	t.Parallel()
	const (
		alice   = "arn:aws:iam::111122223333:user/alice"
		app     = "arn:aws:iam::111122223333:role/svc/app"
		account = "111122223333"
	)
	signed := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		id, _, _ := strings.Cut(rest, "/")
		signed <- id
	}))
	t.Cleanup(server.Close)
	u, _ := open(t, server.URL, func(o *upstream.Options) {
		o.Credentials = named("OWN")
		o.Callers = []upstream.CallerCredentials{{Principal: alice, Credentials: named("ALICE")}, {Principal: app, Credentials: named("APP")}, {Principal: account, Credentials: named("ACCOUNT")}}
	})
	tests := []struct {
		name   string
		caller *authz.Caller
		want   string
	}{
		{"the user", &authz.Caller{Type: authz.User, ARN: alice, Account: account}, "ALICE"},
		{"a federated session of the user", &authz.Caller{Type: authz.FederatedUser, ARN: "arn:aws:sts::111122223333:federated-user/x", ParentARN: alice, Account: account}, "ALICE"},
		{"a session of the role", &authz.Caller{Type: authz.AssumedRole, ARN: "arn:aws:sts::111122223333:assumed-role/app/s1", ParentARN: app, Account: account}, "APP"},
		{"another user of the account", &authz.Caller{Type: authz.User, ARN: "arn:aws:iam::111122223333:user/Alice", Account: account}, "ACCOUNT"},
		{"another account", &authz.Caller{Type: authz.User, ARN: "arn:aws:iam::444455556666:user/alice", Account: "444455556666"}, "OWN"},
		{"anonymous", &authz.Caller{ARN: "anonymous"}, "OWN"},
		{"Sallyport itself", nil, "OWN"},
	}
	for _, tt := range tests {
		call := get("GET", "/reports/k")
		call.Caller = tt.caller
		resp, refusal := u.Do(t.Context(), call)
		answered(t, resp, refusal)
		if got := <-signed; got != tt.want {
			t.Errorf("%s: signed by %s, want %s", tt.name, got, tt.want)
		}
	}
}
