package session_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/session"
)

// TestMayCall is the table of what temporary credentials may call, with case X36.
func TestMayCall(t *testing.T) {
	t.Parallel()
	operations := []string{"AssumeRole", "GetCallerIdentity", "GetSessionToken", "GetFederationToken", "GetAccessKeyInfo", "DecodeAuthorizationMessage"}
	for _, tt := range []struct {
		name    string
		caller  authz.PrincipalType
		session *session.Session
		want    string // for each of the operations
	}{
		{"user", authz.User, nil, "yyyyyy"},
		{"root", authz.Root, nil, "nyyyyy"},
		{"GetSessionToken", authz.User, &session.Session{Kind: session.User}, "yynnnn"},
		{"AssumeRole", authz.AssumedRole, &session.Session{Kind: session.AssumedRole}, "yynnyy"},
		{"web identity", authz.AssumedRole, &session.Session{Kind: session.WebIdentity}, "yynnyy"},
		{"certificate", authz.AssumedRole, &session.Session{Kind: session.Certificate}, "yynnyy"},
		{"federated user", authz.FederatedUser, &session.Session{Kind: session.FederatedUser}, "nynnnn"},
		{"no session that is known", authz.AssumedRole, nil, "yynnyy"},
	} {
		for i, operation := range operations {
			r := session.MayCall(operation, &authz.Caller{Type: tt.caller}, tt.session)
			if (r == nil) != (tt.want[i] == 'y') || r != nil && (r.Code != "AccessDenied" || r.Status != 403) {
				t.Errorf("%s may call %s: %v", tt.name, operation, r)
			}
		}
		if r := session.MayCall("GetObject", &authz.Caller{Type: tt.caller}, tt.session); r != nil {
			t.Errorf("%s may not call another service: %v", tt.name, r)
		}
	}
}
