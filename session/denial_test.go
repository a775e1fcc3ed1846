package session_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/session"
)

// TestDenial compares the message of a denial with what AWS's looks like.
func TestDenial(t *testing.T) {
	t.Parallel()
	caller := &authz.Caller{Type: authz.User, Account: "111122223333", ID: "AIDABOBBOBBOBBOBBOB1", ARN: "arn:aws:iam::111122223333:user/team/bob"}
	caller.Keys.Set("aws:username", "bob")
	access := &authz.Access{Action: "s3:PutObject", Resource: "arn:aws:s3:::reports/q1.csv", Account: "111122223333"}
	access.Keys.SetList("s3:requestobjecttagkeys", []string{"a", "b"})
	access.Keys.SetTag("aws:requesttag", "a", "1")
	access.Keys.SetTag("aws:requesttag", "A", "2") // has no value that can be told
	request := &authz.Request{}
	request.Keys.Set("aws:sourceip", "192.0.2.1")
	statement := &authz.Statement{Policy: "guard", Sid: "NoPut"}
	const context = `"context":{"principal":{"id":"AIDABOBBOBBOBBOBBOB1","name":"bob","arn":"arn:aws:iam::111122223333:user/team/bob"},` +
		`"action":"s3:PutObject","resource":"arn:aws:s3:::reports/q1.csv","conditions":{"items":[` +
		`{"key":"s3:requestobjecttagkeys","values":{"items":[{"value":"a"},{"value":"b"}]}},` +
		`{"key":"aws:sourceip","values":{"items":[{"value":"192.0.2.1"}]}},` +
		`{"key":"aws:username","values":{"items":[{"value":"bob"}]}}]}}}`
	tests := []struct {
		name     string
		decision authz.Decision
		want     string
	}{
		{"implicit", authz.Decision{}, `{"allowed":false,"explicitDeny":false,"matchedStatements":{"items":[]},"failures":{"items":[]},` + context},
		{"explicit", authz.Decision{Effect: authz.ExplicitDeny, Layer: authz.LayerIdentity, Statement: statement}, `{"allowed":false,"explicitDeny":true,` +
			`"matchedStatements":{"items":[{"statementId":"NoPut","effect":"DENY","policy":"guard"}]},"failures":{"items":[]},` + context},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, string(session.Denial(caller, request, access, tt.decision))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestDenialTellsNothingOfOthers holds that who may decode messages in one account
// learns nothing of what another one's policies say, nor of the tags of its resources.
func TestDenialTellsNothingOfOthers(t *testing.T) {
	t.Parallel()
	const mine, theirs = "111122223333", "444455556666"
	statement := &authz.Statement{Policy: "arn:aws:s3:::theirs", Sid: "VerySecretReason"}
	tests := []struct {
		name   string
		layer  authz.Layer
		owner  string
		reason bool
		tags   bool
	}{
		{"a bucket policy of its own account", authz.LayerResource, mine, true, true},
		{"a bucket policy of another account", authz.LayerResource, theirs, false, false},
		{"a resource control policy of another account", authz.LayerRCP, theirs, false, false},
		{"its own policy, for a bucket of another account", authz.LayerIdentity, theirs, true, false},
	}
	for _, tt := range tests {
		caller := &authz.Caller{Type: authz.User, Account: mine, ID: "AIDABOB", ARN: "arn:aws:iam::" + mine + ":user/bob"}
		access := &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::theirs/a", Account: tt.owner}
		for _, namespace := range []string{"s3:existingobjecttag", "s3:buckettag", "aws:resourcetag", "iam:resourcetag"} {
			access.Keys.SetTag(namespace, "project", "manhattan")
		}
		access.Keys.Set("s3:versionid", "v1")
		access.Keys.Set("s3:resourceaccount", tt.owner)
		access.Keys.Set("aws:resourceaccount", tt.owner)
		message := string(session.Denial(caller, &authz.Request{}, access, authz.Decision{Effect: authz.ExplicitDeny, Layer: tt.layer, Statement: statement}))
		if got := strings.Contains(message, "VerySecretReason"); got != tt.reason {
			t.Errorf("%s: the statement is told: %t", tt.name, got)
		}
		if got := strings.Contains(message, `"explicitDeny":true`); got != tt.reason {
			t.Errorf("%s: that it is explicit is told: %t", tt.name, got)
		}
		want := 0
		if tt.tags {
			want = 4
		}
		if got := strings.Count(message, "manhattan"); got != want {
			t.Errorf("%s: %d tags of the resource are told, want %d", tt.name, got, want)
		}
		if tt.owner == theirs && strings.Contains(message, theirs) {
			t.Errorf("%s: the owner is told", tt.name)
		}
		if !strings.Contains(message, "s3:versionid") {
			t.Errorf("%s: what was asked for is not told", tt.name)
		}
	}
}

// TestDenialIsBounded holds that a message can be decoded, whatever was asked for.
func TestDenialIsBounded(t *testing.T) {
	t.Parallel()
	caller := &authz.Caller{ARN: "arn:aws:iam::111122223333:user/bob"}
	access := &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/" + strings.Repeat("\x01<é", 340)}
	for i := range 500 {
		access.Keys.Set(fmt.Sprintf("s3:key%d", i), strings.Repeat("x", i))
	}
	message := session.Denial(caller, &authz.Request{}, access, authz.Decision{})
	if !json.Valid(message) || len(message) > 7000 {
		t.Errorf("%d bytes: %s", len(message), message)
	}
	if !strings.Contains(string(message), `"s3:key1"`) {
		t.Error("no key has found room")
	}
}
