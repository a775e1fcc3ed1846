package bundle_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/bundle"
)

const roleReader = "id: AROAREADEREXAMPLE2222\n"

// TestLookups finds users, roles and managed policies by what tokens hold of them.
func TestLookups(t *testing.T) {
	t.Parallel()
	const (
		trust  = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}]}`
		readMe = "arn:aws:iam::111122223333:policy/read"
		ofAWS  = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	)
	s := small.with(files{
		"bundle/accounts/111122223333/users/alice.yaml":        "id: AIDAALICEEXAMPLE22222\npath: /team/\ntags: {team: blue}\n",
		"bundle/accounts/111122223333/roles/reader.yaml":       roleReader,
		"bundle/accounts/111122223333/roles/reader.trust.json": trust,
		"bundle/accounts/111122223333/policies/read.json":      allow("s3:GetObject"),
		"bundle/accounts/aws/policies/ReadOnlyAccess.json":     allow("s3:Get*"),
		"keys.yaml": keyLine(accessKey, "alice") + "  - {access_key_id: AKIAINACTIVE, secret_access_key: " + secretKey + ", account: \"" + account + "\", user: alice, status: Inactive}\n",
	}).mustLoad(t)

	alice := s.UserByID("AIDAALICEEXAMPLE22222")
	if alice == nil || alice != s.UserByARN("arn:aws:iam::111122223333:user/team/alice") {
		t.Fatalf("alice is %v by id and %v by ARN", alice, s.UserByARN("arn:aws:iam::111122223333:user/team/alice"))
	}
	if c, _ := s.Credential(accessKey); alice.Caller != c.Caller || alice.Name != "alice" || alice.Path != "/team/" || alice.Tags["team"] != "blue" {
		t.Errorf("alice is %+v", alice)
	}
	if r := s.RoleByID("AROAREADEREXAMPLE2222"); r == nil || r.Name != "reader" {
		t.Errorf("the role is %v", r)
	}
	if s.UserByID("") != nil || s.UserByARN("") != nil || s.RoleByID("") != nil {
		t.Error("no id finds something")
	}
	for _, tt := range []struct {
		account, arn string
		found        bool
	}{
		{account, readMe, true},
		{account, ofAWS, true},
		{"444455556666", ofAWS, true},
		{"444455556666", readMe, false},
		{account, "arn:aws:iam::111122223333:policy/READ", false},
		{account, "read", false},
		{"", "", false},
	} {
		if got := s.ManagedPolicy(tt.account, tt.arn); (got != nil) != tt.found {
			t.Errorf("ManagedPolicy(%q, %q) is %v", tt.account, tt.arn, got)
		}
	}
	for _, tt := range []struct {
		key        string
		of         string
		ok, active bool
	}{
		{accessKey, account, true, true},
		{"AKIAINACTIVE", account, true, false},
		{"AKIANOBODY", "", false, false},
	} {
		of, ok := s.AccountOfKey(tt.key)
		if of != tt.of || ok != tt.ok || s.KeyIsActive(tt.key) != tt.active {
			t.Errorf("%s is of %q (%t), active %t", tt.key, of, ok, s.KeyIsActive(tt.key))
		}
	}
	if s.SessionKeys() != nil || s.RevokeWithParent() || len(s.Providers()) != 0 {
		t.Error("there is what nothing declares")
	}
}

// TestCheckCost has the bounds that a bundle has.
func TestCheckCost(t *testing.T) {
	t.Parallel()
	s := small.mustLoad(t)
	c, _ := s.Credential(accessKey)
	if err := bundle.CheckCost(c.Caller.Identity, nil); err != nil {
		t.Error(err)
	}
}
