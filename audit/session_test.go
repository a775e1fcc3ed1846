package audit_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz"
)

// TestSessionLine writes temporary credentials as CloudTrail does.
func TestSessionLine(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600))
	role := &authz.Caller{
		Type: authz.AssumedRole, ID: "AROA1:build", ARN: "arn:aws:sts::111122223333:assumed-role/ci/build", Account: "111122223333",
		ParentID: "AROA1", ParentARN: "arn:aws:iam::111122223333:role/team/ci",
	}
	federated := &authz.Caller{
		Type: authz.FederatedUser, ID: "111122223333:ann", ARN: "arn:aws:sts::111122223333:federated-user/ann", Account: "111122223333",
		ParentID: "AIDA1", ParentARN: "arn:aws:iam::111122223333:user/broker",
	}
	user := &authz.Caller{Type: authz.User, ID: "AIDA1", ARN: "arn:aws:iam::111122223333:user/broker", Account: "111122223333"}
	tests := []struct {
		name   string
		record audit.Record
		member string
		want   string
	}{
		{"role", audit.Record{Caller: role, AccessKeyID: "ASIA1", Session: &audit.Session{Issued: at, IssuerName: "ci", Provider: "arn:p", SourceIdentity: "ann"}}, "userIdentity", `{
			"type": "AssumedRole", "principalId": "AROA1:build", "arn": "arn:aws:sts::111122223333:assumed-role/ci/build", "accountId": "111122223333", "accessKeyId": "ASIA1",
			"sessionContext": {
				"sessionIssuer": {"type": "Role", "principalId": "AROA1", "arn": "arn:aws:iam::111122223333:role/team/ci", "accountId": "111122223333", "userName": "ci"},
				"webIdFederationData": {"federatedProvider": "arn:p"},
				"attributes": {"creationDate": "2026-03-01T12:00:00Z", "mfaAuthenticated": "false"}, "sourceIdentity": "ann"}}`},
		{"federated user", audit.Record{Caller: federated, Session: &audit.Session{Issued: at, IssuerName: "broker"}}, "userIdentity", `{
			"type": "FederatedUser", "principalId": "111122223333:ann", "arn": "arn:aws:sts::111122223333:federated-user/ann", "accountId": "111122223333",
			"sessionContext": {
				"sessionIssuer": {"type": "IAMUser", "principalId": "AIDA1", "arn": "arn:aws:iam::111122223333:user/broker", "accountId": "111122223333", "userName": "broker"},
				"attributes": {"creationDate": "2026-03-01T12:00:00Z", "mfaAuthenticated": "false"}}}`},
		{"user with MFA", audit.Record{Caller: user, Session: &audit.Session{Issued: at, MFA: true}}, "userIdentity", `{
			"type": "IAMUser", "principalId": "AIDA1", "arn": "arn:aws:iam::111122223333:user/broker", "accountId": "111122223333",
			"sessionContext": {"attributes": {"creationDate": "2026-03-01T12:00:00Z", "mfaAuthenticated": "true"}}}`},
		{"holder of a token", audit.Record{Caller: &authz.Caller{Type: authz.WebIdentity, ID: "i:a:s"}, Federated: &audit.Federated{Subject: "s", Provider: "i"}}, "userIdentity", `{
			"type": "WebIdentityUser", "principalId": "i:a:s", "userName": "s", "identityProvider": "i"}`},
		{"what was asked for", audit.Record{Assumption: &audit.Assumption{
			RoleARN: "r", SessionName: "n", Duration: time.Hour, PolicyARNs: []string{"p", "q"}, TransitiveTagKeys: []string{"a"},
			Tags: []audit.Tag{{Key: "a", Value: "b"}, {Key: "c", Value: "\""}}, ExternalID: "e", SourceIdentity: "i", SerialNumber: "m",
		}}, "requestParameters", `{"roleArn": "r", "roleSessionName": "n", "durationSeconds": 3600, "policyArns": ["p", "q"],
			"tags": [{"key": "a", "value": "b"}, {"key": "c", "value": "\""}], "transitiveTagKeys": ["a"], "externalId": "e", "sourceIdentity": "i", "serialNumber": "m"}`},
		{"what was issued", audit.Record{Issued: &audit.Issued{AccessKeyID: "ASIA2", ARN: "a", ID: "i", Expires: at}}, "responseElements",
			`{"credentials": {"accessKeyId": "ASIA2", "expiration": "2026-03-01T12:00:00Z"}, "arn": "a", "principalId": "i"}`},
		{"what made the session", audit.Record{Trust: []audit.Access{{Action: "sts:AssumeRoleWithWebIdentity", Decision: authz.Decision{Effect: authz.Allow, Layer: authz.LayerTrust}}}}, "trust",
			`[{"action": "sts:AssumeRoleWithWebIdentity", "resource": "", "accountId": "", "decision": "allow", "layer": "trust"}]`},
		{"what needs no permission", audit.Record{Accesses: []audit.Access{{Action: "sts:GetCallerIdentity", Resource: "*", Exempt: true}}}, "accesses",
			`[{"action": "sts:GetCallerIdentity", "resource": "*", "accountId": "", "decision": "notRequired"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got map[string]any
			if err := json.Unmarshal([]byte(line(t, &tt.record)), &got); err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got[tt.member]); diff != "" {
				t.Error(diff)
			}
		})
	}
}
