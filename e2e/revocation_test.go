//go:build unix

package e2e_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/sallyport-iam/sallyport/e2e/issuer"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// TestRevocation: what ends sessions ends them with the first request after the
// change is in force.
func TestRevocation(t *testing.T) {
	t.Parallel()
	f := federate(t)
	for _, key := range []string{"orders/a", "reports/a", "operator/a", "home/ann/a"} {
		put(t, f.bucket, key, "the object")
	}
	assumed := func(role string) *types.Credentials {
		t.Helper()
		out, err := f.asOperator().AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(roleARN(role)), RoleSessionName: aws.String("s1")})
		if err != nil {
			t.Fatal(err)
		}
		return out.Credentials
	}
	reads := func(what string, c *types.Credentials, key, want string) {
		t.Helper()
		if got := f.reads(t, temporary(c), key); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	remove := func(elements ...string) {
		t.Helper()
		if err := os.RemoveAll(f.path(elements...)); err != nil {
			t.Fatal(err)
		}
	}
	token := cluster().Token(serviceAccount())
	web := f.exchanged(t, "orders", token)
	reads("a session of web identity", web, "orders/a", "the object")
	if status, body := f.bearer(t, token, "orders/a"); status != 200 {
		t.Fatalf("a bearer token: %d %s", status, body)
	}

	// A key of the provider is removed: no more tokens of it; sessions go on.
	key, err := issuer.NewKey("RS256")
	if err != nil {
		t.Fatal(err)
	}
	f.change(t, func() { write(t, f.path("oidc-providers", "cluster.jwks.json"), string(issuer.KeySet(key))) })
	if _, err := f.exchangeToken(t.Context(), "orders", token); code(err) != "InvalidIdentityToken" {
		t.Errorf("a token of a key that was removed: %v", err)
	}
	if status, _ := f.bearer(t, token, "orders/a"); status == 200 {
		t.Error("a bearer token of a key that was removed is taken")
	}
	if _, err := f.exchangeToken(t.Context(), "orders", key.Token(serviceAccount())); err != nil {
		t.Errorf("a token of the key that came: %v", err)
	}
	reads("a session whose token's key was removed", web, "orders/a", "the object")

	// Sessions begun before a time are denied, as AWSRevokeOlderSessions does it.
	old := assumed("reports")
	reads("before it is revoked", old, "reports/a", "the object")
	f.change(t, func() {
		write(t, f.path("roles", "reports", "AWSRevokeOlderSessions.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
			"Condition": {"DateLessThan": {"aws:TokenIssueTime": "`+time.Now().UTC().Add(time.Second).Format(time.RFC3339)+`"}}}]}`)
	})
	reads("revoked by its time", old, "reports/a", "AccessDenied")
	f.change(t, func() {
		write(t, f.path("roles", "reports", "AWSRevokeOlderSessions.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
			"Condition": {"DateLessThan": {"aws:TokenIssueTime": "`+old.Expiration.UTC().Add(-time.Hour-time.Minute).Format(time.RFC3339)+`"}}}]}`)
	})
	reads("begun later than that", old, "reports/a", "the object")

	// A role that is deleted ends its sessions, and one of its name is another.
	files := map[string]string{}
	for _, name := range []string{"reports.yaml", "reports.trust.json", "reports/reports.json"} {
		text, err := os.ReadFile(f.path("roles", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	f.change(t, func() {
		remove("roles", "next.yaml") // it trusts the role
		remove("roles", "next.trust.json")
		remove("roles", "next")
		remove("roles", "reports.yaml")
		remove("roles", "reports.trust.json")
		remove("roles", "reports")
	})
	reads("of a role that is deleted", old, "reports/a", "InvalidToken")
	f.change(t, func() {
		for name, text := range files {
			write(t, f.path("roles", name), strings.Replace(text, "AROAREPORTS", "AROARENEWED", 1))
		}
	})
	reads("of a role that was there before", old, "reports/a", "InvalidToken")
	reads("of the role that is there now", assumed("reports"), "reports/a", "the object")

	// The provider goes, and with it the sessions that its tokens began.
	f.change(t, func() {
		remove("oidc-providers")
		remove("roles", "orders.trust.json")
		write(t, f.path("roles", "orders.trust.json"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::`+account+`:user/operator"}, "Action": "sts:AssumeRole"}]}`)
	})
	reads("of a provider that is gone", web, "orders/a", "InvalidToken")

	// A user's key is made inactive: it makes no more sessions; those that it made go
	// on, as in AWS. A user that is deleted has none.
	session, err := f.asOperator().GetSessionToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	federated, err := f.asOperator().GetFederationToken(t.Context(), &sts.GetFederationTokenInput{
		Name: aws.String("ann"), Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	reads("the user's session", session.Credentials, "operator/a", "the object")
	reads("the federated user's session", federated.Credentials, "home/ann/a", "the object")
	f.change(t, func() { deactivate(t, f.site.Path("keys.yaml")) })
	if _, err := f.asOperator().GetCallerIdentity(t.Context(), nil); code(err) != "InvalidClientTokenId" {
		t.Errorf("a key that is inactive: %v", err)
	}
	reads("the user's session after its key", session.Credentials, "operator/a", "the object")
	f.change(t, func() {
		text, err := os.ReadFile(f.site.Path("bundle", "bundle.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		write(t, f.site.Path("bundle", "bundle.yaml"), string(text)+"sessions: {revoke_with_parent: true}\n")
	})
	reads("where sessions end with their key", session.Credentials, "operator/a", "InvalidToken")
	reads("where sessions end with their key", federated.Credentials, "home/ann/a", "InvalidToken")
}

// deactivate makes the keys of a file inactive.
func deactivate(t testing.TB, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, strings.ReplaceAll(string(text), "status: Active", "status: Inactive"))
}

// TestIssuersTogether: two issuers that share sealing keys and know each other's
// public keys take each other's sessions; one that is not known does not.
func TestIssuersTogether(t *testing.T) {
	t.Parallel()
	first := federate(t)
	put(t, first.bucket, "orders/a", "an order")
	// The second one joins the deployment; nobody trusts it yet.
	second := federate(t, func(site *sallyport.Site) {
		if err := os.Remove(site.Path("sessions.yaml")); err != nil {
			t.Fatal(err)
		}
		command(t, site, "sessions", "keygen", "--file", site.Path("sessions.yaml"), "--join", first.site.Path("sessions.yaml"))
	})
	second.bucket = first.bucket
	token := cluster().Token(serviceAccount())
	if got := second.reads(t, temporary(first.exchanged(t, "orders", token)), "orders/a"); got != "an order" {
		t.Errorf("a session of the one that it joined: %s", got)
	}
	made := second.exchanged(t, "orders", token)
	if got := first.reads(t, temporary(made), "orders/a"); got != "InvalidToken" {
		t.Errorf("a session of one that is not trusted, though it has the sealing key: %s", got)
	}
	exported := second.site.Path("export.yaml")
	command(t, second.site, "sessions", "export", "--file", second.site.Path("sessions.yaml"), "--out", exported)
	first.change(t, func() {
		command(t, first.site, "sessions", "trust", "--file", first.site.Path("sessions.yaml"), "--from", exported)
	})
	if got := first.reads(t, temporary(made), "orders/a"); got != "an order" {
		t.Errorf("a session of one that is trusted: %s", got)
	}

	// A rotation in two steps ends no session; a replica that only verifies makes none.
	before := first.exchanged(t, "orders", token)
	for _, step := range [][]string{{"--next"}, nil} {
		first.change(t, func() {
			command(t, first.site, append([]string{"sessions", "rotate", "--file", first.site.Path("sessions.yaml")}, step...)...)
		})
	}
	if got := first.reads(t, temporary(before), "orders/a"); got != "an order" {
		t.Errorf("a session from before the rotation: %s", got)
	}
	after := first.exchanged(t, "orders", token)
	if got := first.reads(t, temporary(after), "orders/a"); got != "an order" {
		t.Errorf("a session from after the rotation: %s", got)
	}
	replica := first.site.Path("replica.yaml")
	command(t, first.site, "sessions", "export", "--file", first.site.Path("sessions.yaml"), "--out", replica)
	second.change(t, func() {
		if err := os.Rename(replica, second.site.Path("sessions.yaml")); err != nil {
			t.Fatal(err)
		}
	})
	if got := second.reads(t, temporary(after), "orders/a"); got != "an order" {
		t.Errorf("a session at a replica that only verifies: %s", got)
	}
	if _, err := second.exchangeToken(t.Context(), "orders", token); err == nil {
		t.Error("a replica without a private key makes sessions")
	}

	stranger := federate(t)
	stranger.bucket = first.bucket
	if got := stranger.reads(t, temporary(after), "orders/a"); got != "InvalidToken" {
		t.Errorf("a session of another deployment: %s", got)
	}
}
