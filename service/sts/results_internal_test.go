package sts

import (
	"bytes"
	"flag"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/session"
)

// This test looks inside to make answers of credentials that are the same each time:
// real ones are new each time.

var update = flag.Bool("update", false, "write the answers in testdata")

// TestAnswers compares the answers with those in testdata, which the test in
// e2e/model gives to AWS's SDK to read.
func TestAnswers(t *testing.T) {
	t.Parallel()
	credentials := func(arn, id string) *session.Credentials {
		return &session.Credentials{
			AccessKeyID: "ASIAIOSFODNN7EXAMPLE", Secret: secret.New("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), SessionToken: secret.New("AQ-token_<&>"),
			Expires: time.Date(2026, 3, 1, 13, 0, 0, 999, time.FixedZone("east", 3600)), ARN: arn, ID: id,
		}
	}
	role := credentials("arn:aws:sts::111122223333:assumed-role/reader/s1", "AROAIOSFODNN7EXAMPLE:s1")
	full := credentials(role.ARN, role.ID)
	full.PackedSize, full.SourceIdentity = 6, "alice"
	tests := []struct {
		name, operation string
		write           func(d *document)
	}{
		{"AssumeRole", "AssumeRole", func(d *document) { d.assumedRole(full, nil) }},
		{"AssumeRole-plain", "AssumeRole", func(d *document) { d.assumedRole(role, nil) }},
		{"AssumeRoleWithWebIdentity", "AssumeRoleWithWebIdentity", func(d *document) {
			d.assumedRole(full, &session.Federated{Subject: "repo:a/<b>\n&c", Audience: "sts.amazonaws.com", Provider: "https://gitlab.example.com"})
		}},
		{"AssumeRoleWithSAML", "AssumeRoleWithSAML", func(d *document) {
			d.assumedRole(full, &session.Federated{
				Subject: "alice", Audience: "https://sts.example.com/saml", Provider: "https://idp.example.com",
				Kept: []session.Key{{Name: "saml:sub_type", Values: []string{"persistent"}}, {Name: "saml:namequalifier", Values: []string{"SbdGOnUkh1i4+EXAMPLExL/jEvs="}}},
			})
		}},
		{"GetSessionToken", "GetSessionToken", func(d *document) { d.credentials(credentials("", "")) }},
		{"GetFederationToken", "GetFederationToken", func(d *document) {
			c := credentials("arn:aws:sts::111122223333:federated-user/bob", "111122223333:bob")
			c.PackedSize = 12
			d.federatedUser(c)
		}},
		{"GetCallerIdentity", "GetCallerIdentity", func(d *document) {
			d.element("UserId", "AIDAIOSFODNN7EXAMPLE")
			d.element("Account", "111122223333")
			d.element("Arn", "arn:aws:iam::111122223333:user/alice")
		}},
		{"GetAccessKeyInfo", "GetAccessKeyInfo", func(d *document) { d.element("Account", "111122223333") }},
		{"DecodeAuthorizationMessage", "DecodeAuthorizationMessage", func(d *document) { d.element("DecodedMessage", `{"allowed":false,"a":"<&>"}`) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDocument(tt.operation)
			tt.write(d)
			resp := d.response("4442587FB7D0A2F9")
			got, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			file := "testdata/" + tt.name + ".xml"
			if *update {
				if err := os.WriteFile(file, append(bytes.Clone(got), '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Error(diff)
			}
			if resp.Status != 200 || resp.BodySize != int64(len(got)) || resp.Fields.Get("content-type") != "text/xml" || resp.Fields.Get("x-amzn-requestid") != "4442587FB7D0A2F9" {
				t.Errorf("%+v", resp)
			}
			if holdsSecrets := bytes.Contains(got, []byte("SecretAccessKey")); (resp.Fields.Get("cache-control") == "no-store") != holdsSecrets {
				t.Error("cache-control does not say whether there are secrets in it")
			}
		})
	}
}
