package sts_test

import (
	"encoding/xml"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/service"
	"github.com/sallyport-iam/sallyport/service/sts"
	"github.com/sallyport-iam/sallyport/session"

	mapper "github.com/sallyport-iam/sallyport/action/sts"
)

const roleARN = "arn:aws:iam::111122223333:role/app"

// withKeys is a snapshot with session keys, of files that many may share.
func withKeys(t testing.TB) *bundle.Snapshot {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sessions.yaml")
	if err := bundle.CreateSessionKeys(file, now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	return load(t, bundle.Options{SessionKeyFile: file})
}

// result is what answers with credentials have in common.
type result struct {
	Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken, Expiration string }
	AssumedRole struct {
		ID  string `xml:"AssumedRoleId"`
		ARN string `xml:"Arn"`
	} `xml:"AssumedRoleUser"`
	Federated struct {
		ID  string `xml:"FederatedUserId"`
		ARN string `xml:"Arn"`
	} `xml:"FederatedUser"`
	PackedPolicySize int
	SourceIdentity   string
}

// TestIssue issues credentials of each kind and opens them again.
func TestIssue(t *testing.T) {
	t.Parallel()
	snapshot := withKeys(t)
	all := sessions(t)
	tests := []struct {
		name, form, arn, id string
		life                time.Duration
		kind                session.Kind
		packed              bool
	}{
		{"a role", "AssumeRole&RoleSessionName=s1&RoleArn=" + roleARN, "arn:aws:sts::111122223333:assumed-role/app/s1", "AROAAPPAPPAPPAPPAPP1:s1", time.Hour, session.AssumedRole, false},
		{"a role with tags", "AssumeRole&RoleSessionName=s1&DurationSeconds=900&SourceIdentity=al&Tags.member.1.Key=a&Tags.member.1.Value=b&RoleArn=" + roleARN,
			"arn:aws:sts::111122223333:assumed-role/app/s1", "AROAAPPAPPAPPAPPAPP1:s1", 15 * time.Minute, session.AssumedRole, true},
		{"the user", "GetSessionToken&DurationSeconds=1800", "arn:aws:iam::111122223333:user/team/alice", "AIDAALICEALICEALICE1", 30 * time.Minute, session.User, false},
		{"a federated user", "GetFederationToken&Name=bob&Tags.member.1.Key=a&Tags.member.1.Value=b", "arn:aws:sts::111122223333:federated-user/bob", "111122223333:bob", 12 * time.Hour, session.FederatedUser, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			call := callOf(t, snapshot, alice(t, snapshot), tt.form)
			if p := call.Operation.Mapper.(*mapper.Parameters); p.RoleARN != "" {
				call.Grant = grant(t, all, call, p)
			}
			text, r := answer(t, sts.New(all), call)
			if r != nil {
				t.Fatal(r)
			}
			got := readResult(t, text)
			c := got.Credentials
			s, err := all.Open(snapshot, c.AccessKeyID, c.SessionToken, now)
			if err != nil {
				t.Fatal(err)
			}
			expires := now.Add(tt.life)
			if s.Kind != tt.kind || s.Secret.Reveal() != c.SecretAccessKey || !s.Expires.Equal(expires) || c.Expiration != expires.Format(time.RFC3339) || s.Caller.ARN != tt.arn {
				t.Errorf("%+v is opened as %+v of %+v", c.Expiration, s, s.Caller)
			}
			if shown := got.AssumedRole.ARN + got.Federated.ARN; shown != tt.arn && tt.kind != session.User || got.AssumedRole.ID+got.Federated.ID != tt.id && tt.kind != session.User {
				t.Errorf("%+v", got)
			}
			if tt.packed != (got.PackedPolicySize > 0) {
				t.Errorf("%d%% are used", got.PackedPolicySize)
			}
			want := service.Issued{AccessKeyID: c.AccessKeyID, ARN: tt.arn, ID: tt.id, Expires: expires}
			if got := call.Issued; got.AccessKeyID != want.AccessKeyID || got.ARN != want.ARN || got.ID != want.ID || !got.Expires.Equal(want.Expires) {
				t.Errorf("recorded as %+v, want %+v", got, want)
			}
			// The credentials are somebody: who, the caller's identity says.
			identity := callOf(t, snapshot, s.Caller, "GetCallerIdentity")
			identity.Session, identity.AccessKeyID = s, c.AccessKeyID
			if text, r := answer(t, sts.New(all), identity); r != nil || !strings.Contains(text, "<UserId>"+tt.id+"</UserId>") || !strings.Contains(text, "<Arn>"+tt.arn+"</Arn>") {
				t.Errorf("%s %v", text, r)
			}
		})
	}
}

// grant decides the assumption of a call, with everything allowed that is asked.
func grant(t testing.TB, all *session.Sessions, call *service.Call, p *mapper.Parameters) *session.Grant {
	t.Helper()
	a, r := all.Prepare(&session.Question{Snapshot: call.Snapshot, Caller: call.Caller, AccessKeyID: call.AccessKeyID, Assumption: &p.Assumption, Now: now})
	if r != nil {
		t.Fatal(r)
	}
	g, r := a.MayAssume(func(*authz.Access) authz.Decision { return authz.Decision{Effect: authz.Allow} }, nil)
	if r != nil {
		t.Fatal(r)
	}
	return g
}

func readResult(t testing.TB, text string) result {
	t.Helper()
	// The names of elements depend on the operation.
	begin, end := strings.Index(text, "Result>"), strings.Index(text, "<ResponseMetadata>")
	var r result
	body := strings.ReplaceAll(text[begin+len("Result>"):end], "AccessKeyId>", "AccessKeyID>")
	body = body[:strings.LastIndex(body, "</")]
	if err := xml.Unmarshal([]byte("<r>"+body+"</r>"), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestDecodeDenial opens in its account, and nowhere else, what a denial says.
func TestDecodeDenial(t *testing.T) {
	t.Parallel()
	snapshot := withKeys(t)
	caller := alice(t, snapshot)
	message := session.Denial(caller, &authz.Request{}, &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/<a>"}, authz.Decision{})
	encoded := session.SealMessage(snapshot, account, message)
	text, r := answer(t, sts.New(nil), callOf(t, snapshot, caller, "DecodeAuthorizationMessage&EncodedMessage="+encoded))
	var read struct {
		Message string `xml:"DecodeAuthorizationMessageResult>DecodedMessage"`
	}
	if r != nil || xml.Unmarshal([]byte(text), &read) != nil || read.Message != string(message) {
		t.Errorf("%s %v", text, r)
	}
	bob := snapshot.UserByARN("arn:aws:iam::444455556666:user/bob").Caller
	if text, r := answer(t, sts.New(nil), callOf(t, snapshot, bob, "DecodeAuthorizationMessage&EncodedMessage="+encoded)); r == nil || r.Code != "InvalidAuthorizationMessageException" {
		t.Errorf("another account reads %s %v", text, r)
	}
}
