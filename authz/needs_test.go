package authz_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

const objectTags = "s3:ExistingObjectTag/"

func TestDecide_needs(t *testing.T) {
	t.Parallel()
	const (
		allow    = `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`
		tagged   = `{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "a"}}}`
		other    = `{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "a"}}}`
		fails    = `{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:username": "eve", "s3:ExistingObjectTag/team": "a"}}}`
		deny     = `{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}`
		denyTag  = `{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEquals": {"s3:ExistingObjectTag/team": "a"}}}`
		variable = `{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/k${s3:ExistingObjectTag/team}"}`
		far      = `{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/z${s3:ExistingObjectTag/team}"}`
		except   = `{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::bkt/${s3:ExistingObjectTag/team}"}`
		value    = `{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:username": "${s3:ExistingObjectTag/team}"}}}`
		either   = `{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:username": ["${s3:ExistingObjectTag/team}", "alice"]}}}`
		list     = `{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": ["${s3:ExistingObjectTag/team}", "y"]}}}`
		every    = `{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["${s3:ExistingObjectTag/team}", "y"]}}}`
		present  = `{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Null": {"s3:ExistingObjectTag/team": "false"}}}`
		always   = `{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Null": {"s3:ExistingObjectTag/team": ["true", "false"]}}}`
	)
	family := "s3:existingobjecttag/"
	needs := authz.Decision{Needs: family}
	allowed := authz.Decision{Effect: authz.Allow, Layer: authz.LayerIdentity}
	denied := authz.Decision{Effect: authz.ExplicitDeny, Layer: authz.LayerIdentity}
	nothing := authz.Decision{Layer: authz.LayerIdentity}
	tests := []struct {
		name, identity, boundary, bucket string
		want                             authz.Decision
	}{
		{"an Allow that depends on it", tagged, "", "", needs},
		{"an Allow that does not", tagged + "," + allow, "", "", allowed},
		{"an Allow of another action", other, "", "", nothing},
		{"an Allow that fails anyway", fails, "", "", nothing},
		{"a Deny that depends on it", allow + "," + denyTag, "", "", needs},
		{"a Deny that depends on it, and nothing allows", denyTag, "", "", needs},
		{"a Deny that holds anyway", denyTag + "," + tagged + "," + deny, "", "", denied},
		{"a variable", variable, "", "", needs},
		{"a variable in a pattern that cannot match", far, "", "", nothing},
		{"a variable in what is exempt", except, "", "", needs},
		{"a variable in a value", value, "", "", needs},
		{"a variable beside a value that matches", either, "", "", allowed},
		{"a variable, and a value of the list matches", list, "", "", allowed},
		{"a variable, and a value of the list does not match", every, "", "", needs},
		{"whether it is there", present, "", "", needs},
		{"whether it is there or not", always, "", "", allowed},
		{"a boundary that depends on it", allow, tagged, "", needs},
		{"a boundary that allows nothing", tagged, other, "", authz.Decision{Layer: authz.LayerBoundary}},
		{"identity does not allow, whatever the boundary", other, tagged, "", nothing},
		{"the bucket's policy allows", tagged, tagged, `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:user/alice"}, "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/*"}`, authz.Decision{Effect: authz.Allow, Layer: authz.LayerResource}},
		{"the bucket's policy depends on it", other, "", `{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/*", "Condition": {"StringLike": {"s3:ExistingObjectTag/x": "*"}}}`, needs},
		{"the bucket's policy depends on it, and names another", other, "", `{"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/*", "Condition": {"StringLike": {"s3:ExistingObjectTag/x": "*"}}}`, nothing},
	}
	attached := func(kind policy.Kind, statements string) *authz.Policies {
		if statements == "" {
			return nil
		}
		return authz.NewPolicies(compile(t, kind, `{"Version": "2012-10-17", "Statement": [`+statements+`]}`))
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, r, a := alice(attached(policy.Identity, tt.identity)), &authz.Request{}, object()
			c.Boundary, a.Policy = attached(policy.Boundary, tt.boundary), attached(policy.Bucket, tt.bucket)
			c.Keys.Set("aws:username", "alice")
			a.Keys.SetList("aws:tagkeys", []string{"x", "y"})
			a.Keys.SetUnread(objectTags)
			for name, decide := range evaluators {
				got := decide(c, r, a)
				got.Statement = nil
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// TestDecide_needsNothingOnceRead reads what was needed.
func TestDecide_needsNothingOnceRead(t *testing.T) {
	t.Parallel()
	c := alice(authz.NewPolicies(compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/Team": "a"}}}}`)))
	tests := []struct {
		name string
		read func(a *authz.Access, r *authz.Request)
		want authz.Decision
	}{
		{"not read", func(*authz.Access, *authz.Request) {}, authz.Decision{Needs: "s3:existingobjecttag/"}},
		{"another tag alone", func(a *authz.Access, _ *authz.Request) { a.Keys.SetTag("s3:ExistingObjectTag", "x", "a") }, authz.Decision{Needs: "s3:existingobjecttag/"}},
		{"in a context that counts less", func(_ *authz.Access, r *authz.Request) { r.Keys.SetTag("s3:ExistingObjectTag", "Team", "a") }, authz.Decision{Needs: "s3:existingobjecttag/"}},
		{"the tag alone", func(a *authz.Access, _ *authz.Request) { a.Keys.SetTag("s3:ExistingObjectTag", "team", "a") }, authz.Decision{Effect: authz.Allow, Layer: authz.LayerIdentity}},
		{"another value", func(a *authz.Access, _ *authz.Request) { a.Keys.SetTag("s3:ExistingObjectTag", "team", "b") }, authz.Decision{Layer: authz.LayerIdentity}},
		{"no tags", func(a *authz.Access, _ *authz.Request) { a.Keys.SetRead(objectTags) }, authz.Decision{Layer: authz.LayerIdentity}},
		{"forgotten", func(a *authz.Access, _ *authz.Request) { a.Keys.Reset() }, authz.Decision{Layer: authz.LayerIdentity}},
	}
	for _, tt := range tests {
		a, r := object(), &authz.Request{}
		a.Keys.SetUnread(objectTags)
		a.Keys.SetUnread(objectTags)
		tt.read(a, r)
		for name, decide := range evaluators {
			got := decide(c, r, a)
			got.Statement = nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", tt.name, name, diff)
			}
		}
	}
}

// TestDecide_firstFamily: of several families, the first in order is named, by
// whichever statement.
func TestDecide_firstFamily(t *testing.T) {
	t.Parallel()
	d := compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"svc:c": "1", "svc:b": "1"}}},
		{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"svc:d": "1"}}}]}`)
	c, a := alice(authz.NewPolicies(d)), object()
	for _, family := range []string{"svc:d", "svc:c", "svc:b", "svc:a"} {
		a.Keys.SetUnread(family)
	}
	for name, decide := range evaluators {
		if got := decide(c, &authz.Request{}, a).Needs; got != "svc:b" {
			t.Errorf("%s: needs %q, want svc:b", name, got)
		}
	}
	if s := (authz.Decision{Needs: "svc:b"}).Sentence(c, a); s != `User: arn:aws:iam::111111111111:user/alice is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::bkt/k"` {
		t.Errorf("a decision that needs keys gives a reason: %s", s)
	}
}

func TestDecide_needsAllocateNothing(t *testing.T) {
	c, r, a := ordinary(t)
	c.Keys.SetUnread("aws:PrincipalTag/X")
	c.Identity = authz.NewPolicies(append(c.Identity.Documents(), compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": {
		"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::team-*/${aws:PrincipalTag/X}/*"}}`))...)
	allocations := testing.AllocsPerRun(100, func() {
		if authz.Decide(c, r, a).Needs == "" {
			t.Fatal("nothing needed")
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

// TestDecide_needsOfALevel looks at what a level of the organization reads, and
// at a variable before a piece that is tried at many places.
func TestDecide_needsOfALevel(t *testing.T) {
	t.Parallel()
	c, a := alice(allowing("*")), object()
	c.SCP = []*authz.Policies{authz.NewPolicies(compile(t, policy.SCP, `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "a"}}}]}`))}
	a.Keys.SetUnread(objectTags)
	for name, decide := range evaluators {
		if d := decide(c, &authz.Request{}, a); d.Needs == "" {
			t.Errorf("%s: %+v needs nothing", name, d)
		}
	}
	c = alice(allowing("arn:aws:s3:::bkt/${s3:ExistingObjectTag/team}a?b"))
	for key, want := range map[string]string{strings.Repeat("a", 300): "", strings.Repeat("a", 300) + "b": "s3:existingobjecttag/"} {
		a.Resource = "arn:aws:s3:::bkt/" + key
		for name, decide := range evaluators {
			if d := decide(c, &authz.Request{}, a); d.Needs != want {
				t.Errorf("%s: %+v, want the need %q", name, d, want)
			}
		}
	}
}
