package sts_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/sts"
)

// readSDK are the forms that aws-sdk-go-v2 sends.
func readSDK(tb testing.TB) []string {
	tb.Helper()
	text, err := os.ReadFile("testdata/sdk.txt")
	if err != nil {
		tb.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

// TestSDK reads every form that the SDK sends, and the same in a query.
func TestSDK(t *testing.T) {
	t.Parallel()
	readers := []string{"arn:aws:iam::111122223333:policy/readers"}
	tests := []struct {
		operation  string
		parameters sts.Parameters
		credential action.Credential
		code       string
	}{
		{operation: "AssumeRole", code: "ValidationError"}, // it has contexts
		{operation: "AssumeRole", parameters: sts.Parameters{Assumption: action.Assumption{Action: "sts:AssumeRole", RoleARN: role, SessionName: "s1"}}},
		{
			operation: "AssumeRoleWithSAML",
			parameters: sts.Parameters{Assumption: action.Assumption{
				Action: "sts:AssumeRoleWithSAML", RoleARN: role, Duration: time.Hour, Policy: "{}", PolicyARNs: readers,
			}},
			credential: action.Credential{Kind: action.SAMLAssertion, Token: "PHNhbWw+", RoleARN: role, ProviderARN: "arn:aws:iam::111122223333:saml-provider/idp"},
		},
		{operation: "AssumeRoleWithWebIdentity", code: "ValidationError"}, // it has a ProviderId
		{
			operation:  "AssumeRoleWithWebIdentity",
			parameters: sts.Parameters{Assumption: action.Assumption{Action: "sts:AssumeRoleWithWebIdentity", RoleARN: role, SessionName: "build-7"}},
			credential: action.Credential{Kind: action.WebIdentityToken, Token: "e30.e30.c2ln", RoleARN: role},
		},
		{operation: "AssumeRoot", code: "InvalidAction"},
		{operation: "DecodeAuthorizationMessage", parameters: sts.Parameters{EncodedMessage: "AQ-_a+b/c="}},
		{operation: "GetAccessKeyInfo", parameters: sts.Parameters{InfoKeyID: "AKIAIOSFODNN7EXAMPLE"}},
		{operation: "GetCallerIdentity"},
		{operation: "GetDelegatedAccessToken", code: "InvalidAction"},
		{
			operation: "GetFederationToken",
			parameters: sts.Parameters{Name: "bob", Assumption: action.Assumption{
				Duration: 12 * time.Hour, Policy: "{}", PolicyARNs: readers, Tags: []action.Tag{{Key: "team", Value: "blue"}},
			}},
		},
		{
			operation: "GetSessionToken",
			parameters: sts.Parameters{Assumption: action.Assumption{
				Duration: 15 * time.Minute, SerialNumber: "arn:aws:iam::111122223333:mfa/alice", TokenCode: "123456",
			}},
		},
		{operation: "GetWebIdentityToken", code: "InvalidAction"},
	}
	lines := readSDK(t)
	if len(lines) != len(tests) {
		t.Fatalf("%d forms, %d expectations", len(lines), len(tests))
	}
	for i, tt := range tests {
		if !strings.Contains(lines[i], "Action="+tt.operation+"&") {
			t.Errorf("%s is expected of %s", tt.operation, lines[i])
		}
		op, credential, refusal := post(t, lines[i])
		if code(refusal) != tt.code {
			t.Errorf("%s: %v, want %q", tt.operation, refusal, tt.code)
		}
		inQuery, credentialInQuery, _ := get(t, lines[i])
		if diff := cmp.Diff(op.Mapper, inQuery.Mapper) + cmp.Diff(credential, credentialInQuery); diff != "" {
			t.Errorf("%s: the query is read otherwise: %s", tt.operation, diff)
		}
		if tt.code != "" {
			continue
		}
		if diff := cmp.Diff(&tt.parameters, op.Mapper) + cmp.Diff(tt.credential, credential); diff != "" || op.Name != tt.operation {
			t.Errorf("%s: %s %s", tt.operation, op.Name, diff)
		}
	}
}

// TestAllParameters reads the AssumeRole that has everything but contexts.
func TestAllParameters(t *testing.T) {
	t.Parallel()
	var kept []string
	for p := range strings.SplitSeq(readSDK(t)[0], "&") {
		if !strings.HasPrefix(p, "ProvidedContexts") {
			kept = append(kept, p)
		}
	}
	op, _, refusal := post(t, strings.Join(kept, "&"))
	if refusal != nil {
		t.Fatal(refusal)
	}
	want := &sts.Parameters{Assumption: action.Assumption{
		Action:  "sts:AssumeRole",
		RoleARN: "arn:aws:iam::111122223333:role/reports/reader", SessionName: "alice@example.com", Duration: 15 * time.Minute,
		Policy:     `{"Version": "2012-10-17", "Statement": []}`,
		PolicyARNs: []string{"arn:aws:iam::111122223333:policy/readers", "arn:aws:iam::aws:policy/ReadOnlyAccess"},
		Tags:       []action.Tag{{Key: "team", Value: "größe + co"}, {Key: "empty"}}, TransitiveTagKeys: []string{"team"},
		ExternalID: "partner:7/a", SourceIdentity: "alice", SerialNumber: "arn:aws:iam::111122223333:mfa/alice", TokenCode: "123456",
	}}
	if diff := cmp.Diff(want, op.Mapper); diff != "" {
		t.Error(diff)
	}
}
