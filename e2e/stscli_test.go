//go:build unix

package e2e_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// TestSTSWithAWSCLI makes each call of the Security Token Service with both versions
// of aws-cli, and copies objects with what they bring.
func TestSTSWithAWSCLI(t *testing.T) {
	t.Parallel()
	for version, path := range map[string]func(testing.TB) string{
		"v1": func(t testing.TB) string { return pythonTool(t, "aws") },
		"v2": cliVersion2Tool,
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			f := federate(t, withDevice(t))
			for _, key := range []string{"reports/a", "orders/a", "home/ann/a", "vault/a"} {
				put(t, f.bucket, key, "the object "+key)
			}
			c := tool{dir: t.TempDir(), place: place{key: f.operator}}
			script := path(t)
			if c.path = interpreter(t, script); c.path == "" {
				skip(t, script+" is no script, and starting it each time takes long")
			}
			client := c.session(t, "python/programs.py", script)
			// try runs a command; nil is the operator.
			try := func(as *types.Credentials, args ...string) (string, error) {
				var credentials []string
				if as != nil {
					credentials = []string{*as.AccessKeyId, *as.SecretAccessKey, *as.SessionToken}
				}
				return client.fork(c.dir, credentials, append([]string{"--endpoint-url", f.Endpoint, "--output", "json"}, args...))
			}
			// call makes a call and returns its answer.
			call := func(as *types.Credentials, args ...string) (answer struct {
				Credentials                                        types.Credentials
				AssumedRoleUser                                    types.AssumedRoleUser
				FederatedUser                                      types.FederatedUser
				UserID                                             string `json:"UserId"`
				Account, Arn, SubjectFromWebIdentityToken          string
				PackedPolicySize                                   int
				Audience, Provider, SourceIdentity, DecodedMessage string
			}) {
				t.Helper()
				out, err := try(as, append([]string{"sts"}, args...)...)
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal([]byte(out), &answer); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				return answer
			}
			reads := func(got types.Credentials, allowed, denied string) {
				t.Helper()
				if text, err := try(&got, "s3", "cp", "s3://"+f.bucket+"/"+allowed, "-"); text != "the object "+allowed {
					t.Errorf("%s is %q, %v", allowed, text, err)
				}
				if _, err := try(&got, "s3api", "get-object", "--bucket", f.bucket, "--key", denied, "out"); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
					t.Errorf("reading %s: %v", denied, err)
				}
			}
			if who := call(nil, "get-caller-identity"); who.Arn != "arn:aws:iam::"+account+":user/operator" {
				t.Errorf("the operator is %+v", who)
			}
			role := call(nil, "assume-role", "--role-arn", roleARN("reports"), "--role-session-name", "cli", "--duration-seconds", "900",
				"--tags", "Key=team,Value=red", "--transitive-tag-keys", "team", "--source-identity", "ann")
			if *role.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/reports/cli" || role.SourceIdentity != "ann" {
				t.Errorf("assumed %+v", role)
			}
			reads(role.Credentials, "reports/a", "orders/a")
			if who := call(&role.Credentials, "get-caller-identity"); who.UserID != "AROAREPORTSEXAMPLE222:cli" {
				t.Errorf("the role is %+v", who)
			}

			token := filepath.Join(c.dir, "token")
			write(t, token, cluster().Token(serviceAccount()))
			web := call(nil, "assume-role-with-web-identity", "--role-arn", roleARN("orders"), "--role-session-name", "cli", "--web-identity-token", "file://"+token)
			if web.SubjectFromWebIdentityToken != "system:serviceaccount:shop:orders" || web.Audience != "sts.amazonaws.com" {
				t.Errorf("exchanged for %+v", web)
			}
			reads(web.Credentials, "orders/a", "reports/a")

			corp := newIdentityProvider(t)
			f.change(t, func() { f.declareSAML(t, corp) })
			asserted := call(nil, "assume-role-with-saml", "--role-arn", roleARN("staff"), "--principal-arn", samlProvider(), "--saml-assertion", corp.respond(t, "ann", "staff"))
			if *asserted.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/staff/ann" || asserted.Audience != signIn {
				t.Errorf("exchanged for %+v", asserted)
			}
			reads(asserted.Credentials, "home/ann/a", "vault/a")

			session := call(nil, "get-session-token", "--serial-number", mfaDevice, "--token-code", totp(0))
			reads(session.Credentials, "vault/a", "reports/a")

			federated := call(nil, "get-federation-token", "--name", "ann", "--policy",
				`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::`+f.bucket+`/home/ann/*"}]}`)
			if *federated.FederatedUser.FederatedUserId != account+":ann" {
				t.Errorf("federated %+v", federated)
			}
			reads(federated.Credentials, "home/ann/a", "vault/a")

			if info := call(nil, "get-access-key-info", "--access-key-id", f.operator.AccessKeyID); info.Account != account {
				t.Errorf("the key is of %+v", info)
			}
			_, err := try(&web.Credentials, "sts", "get-access-key-info", "--access-key-id", f.operator.AccessKeyID)
			if err == nil {
				t.Fatal("a role that may not ask for keys may")
			}
			_, message, found := strings.Cut(err.Error(), "Encoded authorization failure message: ")
			if !found {
				t.Fatalf("the denial says nothing in code: %v", err)
			}
			decoded := call(nil, "decode-authorization-message", "--encoded-message", strings.Fields(message)[0])
			if !strings.Contains(decoded.DecodedMessage, "sts:GetAccessKeyInfo") {
				t.Errorf("decoded %s", decoded.DecodedMessage)
			}
			if _, err := try(nil, "sts", "decode-authorization-message", "--encoded-message", "made-up"); err == nil || !strings.Contains(err.Error(), "InvalidAuthorizationMessageException") {
				t.Errorf("a message that is none: %v", err)
			}
			if _, err := try(nil, "sts", "assume-role", "--role-arn", roleARN("guarded"), "--role-session-name", "cli"); err == nil || !strings.Contains(err.Error(), "(AccessDenied)") {
				t.Errorf("without a second factor: %v", err)
			}
		})
	}
}
