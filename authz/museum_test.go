package authz_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/authz/reference"
)

// The tests of this file are of defects that other systems shipped.

func TestMuseum_09_resourceAllowOverIdentityDeny(t *testing.T) {
	t.Parallel()
	c := alice(authz.NewPolicies(compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}`)))
	a := object()
	a.Policy = authz.NewPolicies(compile(t, policy.Bucket, `{"Version": "2012-10-17", "Statement":
		{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:user/alice"}, "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/*"}}`))
	for name, decide := range evaluators {
		if d := decide(c, &authz.Request{}, a); d.Effect != authz.ExplicitDeny || d.Layer != authz.LayerIdentity {
			t.Errorf("%s: %s by %s, want an explicit deny by the identity-based policy", name, d.Effect, d.Layer)
		}
	}
}

// rejected parses a document that must not load, and returns the first error.
func rejected(t *testing.T, text string) policy.Finding {
	t.Helper()
	doc, findings := policy.Parse(policy.Identity, "policy.json", []byte(text))
	if doc != nil {
		t.Fatalf("the document loads:\n%s", text)
	}
	i := slices.IndexFunc(findings, func(f policy.Finding) bool { return f.Severity == policy.Error })
	if i < 0 {
		t.Fatalf("no error among %v", findings)
	}
	return findings[i]
}

func TestMuseum_10_unknownOperatorInsideADeny(t *testing.T) {
	t.Parallel()
	f := rejected(t, `{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
 {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"StringEqual": {"aws:username": "eve"}}}]}`)
	if f.Line != 3 || !strings.Contains(f.Remedy, `"StringEquals"`) {
		t.Errorf("%s: want line 3 and the nearest operator", f)
	}
}

func TestMuseum_12_conditionDropped(t *testing.T) {
	t.Parallel()
	d := compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement":
		{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:username": "bob"}}}}`)
	c := alice(authz.NewPolicies(d))
	c.Keys.Set("aws:username", "alice")
	for name, decide := range evaluators {
		if decide(c, &authz.Request{}, object()).Allowed() {
			t.Errorf("%s: an Allow without its condition", name)
		}
	}
	rejected(t, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Conditions": {"StringEquals": {"aws:username": "bob"}}}}`)
}

// TestMuseum_13 is of an evaluator that differed from the plain one it stood
// for. FuzzDifferential looks for more.
func TestMuseum_13_twoEvaluatorsDiffer(t *testing.T) {
	t.Parallel()
	for _, seed := range randomSeeds(2_000) {
		g := generator{data: seed}
		c, r, a := g.question()
		if want, got := reference.Decide(c, r, a).Effect, authz.Decide(c, r, a).Effect; want != got {
			t.Fatalf("%s, and %s by the plain one\n%s", got, want, describe(c, r, a))
		}
	}
}

func TestMuseum_32_duplicateKeys(t *testing.T) {
	t.Parallel()
	f := rejected(t, `{"Version": "2012-10-17", "Statement": [{
  "Effect": "Deny", "Action": "s3:*",
  "Resource": "*", "Effect": "Allow"}]}`)
	if f.Line != 3 || f.Column != 20 {
		t.Errorf("%s: want 3:20", f)
	}
}

func TestMuseum_36_misspeltMembers(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, remedy string }{
		{"an Allow with Conditon", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Conditon": {}}}`, `"Condition"`},
		{"a Deny with NotPrincipals", `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "NotPrincipals": "*", "Action": "*", "Resource": "*"}}`, `"NotPrincipal"`},
		{"Statements", `{"Version": "2012-10-17", "Statements": []}`, `"Statement"`},
		{"a member that is like none", `{"Version": "2012-10-17", "Statement": [], "Comment": "x"}`, "Version, Id, Statement"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, findings := policy.Parse(policy.Identity, "policy.json", []byte(tt.text))
			for _, f := range findings {
				if f.Code == "INVALID_POLICY_ELEMENT" && f.Severity == policy.Error && strings.Contains(f.Remedy, tt.remedy) {
					return
				}
			}
			t.Errorf("no error names %s: %v", tt.remedy, findings)
		})
	}
}

func TestMuseum_37_memberNamesWithoutCase(t *testing.T) {
	t.Parallel()
	f := rejected(t, `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "effect": "Allow"}}`)
	if f.Code != "INVALID_POLICY_ELEMENT" || !strings.Contains(f.Remedy, `"Effect"`) {
		t.Errorf("%s: want the element's own name as the remedy", f)
	}
}

func TestMuseum_39_questionMarkIsOneCharacter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, key string
		want         bool
	}{
		{"a?c", "abc", true},
		{"a?c", "aéc", true},
		{"a?c", "a世c", true},
		{"a?c", "a😀c", true},
		{"a?c", "ac", false},
		{"a?c", "abbc", false},
		{"a??c", "aéc", false},
		{"a??c", "ae\u0301c", true},
		{"?", "世", true},
		{"?*?", "世", false},
		{"?*?", "世界", true},
	}
	for _, tt := range tests {
		c := alice(allowing("arn:aws:s3:::bkt/" + tt.pattern))
		like := alice(allowing("*", policy.Condition{Operator: policy.Operator{Test: policy.StringLike}, Key: "s3:prefix", Values: value(tt.pattern)}))
		for name, decide := range evaluators {
			a := object()
			a.Resource = "arn:aws:s3:::bkt/" + tt.key
			if got := decide(c, &authz.Request{}, a).Allowed(); got != tt.want {
				t.Errorf("%s: resource %q on %q: %t", name, tt.pattern, tt.key, got)
			}
			a.Keys.Set("s3:prefix", tt.key)
			if got := decide(like, &authz.Request{}, a).Allowed(); got != tt.want {
				t.Errorf("%s: StringLike %q on %q: %t", name, tt.pattern, tt.key, got)
			}
		}
	}
}
