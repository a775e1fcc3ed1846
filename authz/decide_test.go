package authz_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// ordinary is a decision that reads most kinds of element: it is allowed by the
// last statement that can match.
func ordinary(t testing.TB) (*authz.Caller, *authz.Request, *authz.Access) {
	c := alice(authz.NewPolicies(compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
		{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}, "NumericLessThan": {"aws:EpochTime": "10"}}},
		{"Effect": "Deny", "NotAction": ["s3:Get*", "s3:List*"], "NotResource": "arn:aws:s3:::team-*/${aws:username}/*"},
		{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*:*secret*"},
		{"Effect": "Allow", "Action": ["s3:List*", "s3:Get*"], "Resource": "arn:aws:s3:::team-*/${aws:username}/*", "Condition": {
			"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24", "2001:db8::/32"]},
			"NumericLessThanEquals": {"s3:max-keys": "100"},
			"StringEqualsIgnoreCase": {"aws:PrincipalTag/Team": "Storage"},
			"StringLike": {"aws:UserAgent": ["aws-cli/*", "*Boto3*"]},
			"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:user/*"},
			"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]},
			"Null": {"aws:TokenIssueTime": "true"}}}]}`)))
	for key, value := range map[string]string{
		"aws:username": "alice", "aws:userid": "AIDAALICE", "aws:principalarn": c.ARN, "aws:principalaccount": accountA, "aws:principaltag/team": "STORAGE",
	} {
		c.Keys.Set(key, value)
	}
	r := &authz.Request{Now: time.Unix(1714566600, 0)}
	for key, value := range map[string]string{
		"aws:securetransport": "true", "aws:sourceip": "203.0.113.10", "aws:useragent": "Boto3/1.34 Botocore", "aws:requestedregion": "us-east-1",
	} {
		r.Keys.Set(key, value)
	}
	a := object()
	a.Resource = "arn:aws:s3:::team-storage/alice/reports/2026/q1.csv"
	a.Keys.Set("s3:max-keys", "10")
	a.Keys.SetList("aws:tagkeys", []string{"a"})
	a.Policy = authz.NewPolicies(compile(t, policy.Bucket, `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::team-storage/*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ["111111111111"]}}},
		{"Effect": "Allow", "Principal": {"AWS": ["222222222222", "arn:aws:iam::111111111111:user/bob"]}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::team-storage/*"}]}`))
	return c, r, a
}

func TestDecide_statement(t *testing.T) {
	t.Parallel()
	c, r, a := ordinary(t)
	for name, decide := range evaluators {
		want := authz.Decision{
			Effect: authz.Allow, Layer: authz.LayerIdentity,
			Statement: &authz.Statement{File: "identity-based policy", Index: 4, Line: 6, Column: 3},
		}
		if diff := cmp.Diff(want, decide(c, r, a)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDecide_allocatesNothing(t *testing.T) {
	c, r, a := ordinary(t)
	allocations := testing.AllocsPerRun(100, func() {
		if !authz.Decide(c, r, a).Allowed() {
			t.Fatal("denied")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

// What is asked may stand on the stack of who asks.
func TestDecide_keepsNothing(t *testing.T) {
	c := alice(allowing("arn:aws:s3:::bkt/*"))
	allocations := testing.AllocsPerRun(100, func() {
		r, a := authz.Request{}, authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::bkt/k", Account: accountA}
		if !authz.Decide(c, &r, &a).Allowed() {
			t.Fatal("denied")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

// TestDecide_hostilePatterns gives patterns that take an exponential matcher
// for ever; a decision is to cost the product of the lengths at worst.
func TestDecide_hostilePatterns(t *testing.T) {
	t.Parallel()
	const most = 1024
	tests := []struct{ name, pattern, resource string }{
		{"many stars", "arn:aws:s3:::" + strings.Repeat("a*", most) + "b", "arn:aws:s3:::" + strings.Repeat("a", most)},
		{"stars in fields", "arn:" + strings.Repeat("a*a*", 100) + "b:*:*:*:" + strings.Repeat("*a", 100) + "b", "arn:" + strings.Repeat("a", most/2) + strings.Repeat(":a", most/2)},
		{"fields that run on", "arn:*:*:*:*:" + strings.Repeat("*:a", 200) + "b", "arn:" + strings.Repeat(":a", most)},
		{"question marks", "arn:aws:s3:::" + strings.Repeat("?*", most) + "b", "arn:aws:s3:::" + strings.Repeat("世", most)},
		{"variables", "arn:aws:s3:::" + strings.Repeat("*${aws:username}", 300) + "b", "arn:aws:s3:::" + strings.Repeat("a", most)},
	}
	for _, tt := range tests {
		c, a := alice(allowing(tt.pattern)), object()
		c.Keys.Set("aws:username", strings.Repeat("a", 20))
		a.Resource = tt.resource
		for name, decide := range evaluators {
			if decide(c, &authz.Request{}, a).Allowed() {
				t.Errorf("%s: %s: allowed", tt.name, name)
			}
		}
	}
}

// The zero values deny.
func TestDecide_zeroValues(t *testing.T) {
	t.Parallel()
	for name, decide := range evaluators {
		if d := decide(&authz.Caller{}, &authz.Request{}, &authz.Access{}); d.Allowed() {
			t.Errorf("%s: nobody may do nothing on nothing: %+v", name, d)
		}
		if d := decide(&authz.Caller{Type: authz.Root}, &authz.Request{}, &authz.Access{}); d.Allowed() {
			t.Errorf("%s: root of no account is root of a resource of no account: %+v", name, d)
		}
	}
	d := authz.Decision{}
	if d.Allowed() {
		t.Error("the zero Decision allows")
	}
	if got, want := d.Sentence(&authz.Caller{}, object()), `User: anonymous is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::bkt/k"`; got != want {
		t.Errorf("its sentence is %q, want %q", got, want)
	}
}

// A policy of a kind without principals grants nothing as a resource's.
func TestDecide_identityPolicyOnAResource(t *testing.T) {
	t.Parallel()
	a := object()
	a.Policy = allowing("*")
	for name, decide := range evaluators {
		if d := decide(&authz.Caller{}, &authz.Request{}, a); d.Allowed() {
			t.Errorf("%s: %+v", name, d)
		}
	}
}
