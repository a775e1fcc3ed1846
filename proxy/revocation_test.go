package proxy_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

// TestRevocation: what an activation takes away is gone with the next request,
// whatever is remembered.
func TestRevocation(t *testing.T) {
	t.Parallel()
	const (
		account  = "bundle/accounts/111122223333/"
		revokeIt = `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2100-01-01T00:00:00Z"}}}]}`
	)
	tests := []struct {
		name   string
		change func(*fort)
		// The answers afterwards, to a user's key, to sessions of the role that the
		// user and a token became, and to the token itself: 200, or what the error
		// is called.
		key, role, web, bearer string
	}{
		{"nothing but the revision", func(f *fort) { f.write(account+"users/new.yaml", "id: AIDANEWNEWNEWNEWNEW1\n") }, "200", "200", "200", "200"},
		{"the key deactivated", func(f *fort) { f.writeKeys("eve") }, "InvalidAccessKeyId", "200", "200", "200"},
		{"the secret rotated", func(f *fort) {
			f.write("keys.yaml", strings.Replace("keys:\n  - {access_key_id: ID, secret_access_key: another-secret-of-forty-characters-long, account: \"111122223333\", user: ann, status: Active}\n", "ID", keyOf("ann"), 1))
		}, "SignatureDoesNotMatch", "200", "200", "200"},
		{"the parent's key deactivated, which ends its sessions", func(f *fort) {
			f.writeKeys("eve")
			f.write("bundle/bundle.yaml", fortBundle["bundle.yaml"]+"sessions: {revoke_with_parent: true}\n")
		}, "InvalidAccessKeyId", "InvalidToken", "200", "200"},
		{"the provider's key removed", func(f *fort) { f.rotateProvider() }, "200", "200", "200", "InvalidToken"},
		{"the trust policy narrowed", func(f *fort) { f.write(account+"roles/reader.trust.json", fortTrust("deploy-*")) }, "200", "200", "200", "AccessDenied"},
		{"the role deleted", func(f *fort) {
			f.write("bundle/bundle.yaml", strings.Split(fortBundle["bundle.yaml"], "certificates:")[0])
			f.remove(account + "roles")
			f.remove(account + "oidc-providers")
		}, "200", "InvalidToken", "InvalidToken", "InvalidToken"},
		{"the role made again", func(f *fort) { f.write(account+"roles/reader.yaml", "id: AROAREADERREADERREAD2\n") }, "200", "InvalidToken", "InvalidToken", "200"},
		{"the role's policy removed", func(f *fort) { f.remove(account + "roles/reader") }, "200", "AccessDenied", "AccessDenied", "AccessDenied"},
		{"the sessions revoked", func(f *fort) { f.write(account+"roles/reader/revoke.json", revokeIt) }, "200", "AccessDenied", "AccessDenied", "AccessDenied"},
		{"the provider deleted", func(f *fort) {
			f.write(account+"roles/reader.trust.json", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}]}`)
			f.remove(account + "oidc-providers")
		}, "200", "200", "InvalidToken", "InvalidToken"},
		{"the bearer rule removed", func(f *fort) {
			name := "accounts/111122223333/oidc-providers/idp.yaml"
			f.write("bundle/"+name, strings.Split(fortBundle[name], "bearer:")[0])
		}, "200", "200", "200", "InvalidToken"},
		{"another audience", func(f *fort) {
			name := "accounts/111122223333/oidc-providers/idp.yaml"
			f.write("bundle/"+name, strings.Replace(fortBundle[name], "["+fortAudience+"]", "[elsewhere]", 1))
		}, "200", "200", "200", "InvalidToken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFort(t)
			role, token := f.assume(longTerm("ann")), f.token("build-1")
			req, _ := f.form("Action", "AssumeRoleWithWebIdentity", "RoleArn", fortRole, "RoleSessionName", "build", "WebIdentityToken", token)
			web := f.issued(f.serve(req))
			ask := func() []reply {
				return []reply{f.read(longTerm("ann"), "a"), f.read(role, "a"), f.read(web, "a"), f.readBearer(token, "a")}
			}
			for range 2 { // so that all is remembered
				for i, got := range ask() {
					if got.status != 200 {
						t.Fatalf("%d before: %d %s", i, got.status, got.body)
					}
				}
			}
			f.activate(func() { tt.change(f) })
			got := ask()
			for i, want := range []string{tt.key, tt.role, tt.web, tt.bearer} {
				if want == "200" && got[i].status != 200 || want != "200" && (got[i].forwarded || !strings.Contains(got[i].body, "<Code>"+want+"</Code>")) {
					t.Errorf("%s: %d %s, want %s", []string{"key", "role", "web identity", "bearer"}[i], got[i].status, got[i].body, want)
				}
			}
		})
	}
}

// TestMuseum_21_bearerUnderAnotherRule: a token that was let in is let in again only
// by what lets it in now: the trust policy is evaluated on every request, with the
// keys of that request, and the decision is that of the policies in force.
func TestMuseum_21_bearerUnderAnotherRule(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	token := f.token("build-1")
	from := func(address string) reply {
		req := f.plain("GET", "localhost", "/reports/a", "", wire.Field{Name: "authorization", Value: "Bearer " + token})
		req.Peer = netip.MustParseAddrPort(address + ":1234")
		return f.serve(req)
	}
	for range 3 {
		if got := from("203.0.113.7"); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if got := from("198.51.100.1"); got.forwarded || got.status != 403 {
			t.Fatalf("from an address that the trust policy does not name: %d %s", got.status, got.body)
		}
	}
	if got := f.readBearer(f.token("other"), "a"); got.forwarded {
		t.Error("another subject's token was let in")
	}
	// The same token with another signature is another token.
	cut := token[:len(token)-4] + "AAAA"
	if got := f.readBearer(cut, "a"); got.forwarded || got.status != 400 {
		t.Errorf("another signature: %d %s", got.status, got.body)
	}
	f.activate(func() {
		f.write("bundle/accounts/111122223333/roles/reader.trust.json", strings.Replace(fortTrust("build-*"), "203.0.113.0/24", "198.51.100.0/24", 1))
	})
	if a, b := from("203.0.113.7"), from("198.51.100.1"); a.forwarded || !b.forwarded {
		t.Errorf("under another trust policy: %d %d", a.status, b.status)
	}
}
