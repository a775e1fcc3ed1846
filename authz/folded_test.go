package authz_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// An empty value costs no step to fold. What was found of it must not be taken
// for that of the text which is compared next.
func TestDecide_emptyValueBeforeAnotherWithoutRegardToCase(t *testing.T) {
	t.Parallel()
	var long []policy.Value
	for _, text := range []string{"secret", "b", "c", "d", "e", "f", "g", "h"} {
		long = append(long, policy.Value{Text: text})
	}
	on := func(effect policy.Effect, conditions ...policy.Condition) policy.Statement {
		return policy.Statement{Effect: effect, Actions: value("*"), Resources: value("*"), Conditions: conditions}
	}
	condition := func(set policy.Set, test policy.Test, key string) policy.Condition {
		return policy.Condition{Operator: policy.Operator{Set: set, Test: test}, Key: key, Values: long}
	}
	tests := map[string]struct {
		statements []policy.Statement
		want       authz.Effect
	}{
		"a list": {[]policy.Statement{
			on(policy.Allow),
			on(policy.Deny, condition(policy.ForAnyValue, policy.StringEqualsIgnoreCase, "aws:TagKeys")),
		}, authz.ExplicitDeny},
		"two keys": {[]policy.Statement{
			on(policy.Allow),
			on(policy.Deny, condition(policy.NoSet, policy.StringEqualsIgnoreCase, "s3:delimiter")),
			on(policy.Deny, condition(policy.NoSet, policy.StringEqualsIgnoreCase, "s3:prefix")),
		}, authz.ExplicitDeny},
		"a negated operator": {[]policy.Statement{
			on(policy.Allow, condition(policy.NoSet, policy.StringNotEqualsIgnoreCase, "s3:delimiter"), condition(policy.NoSet, policy.StringNotEqualsIgnoreCase, "s3:prefix")),
		}, authz.ImplicitDeny},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := alice(authz.NewPolicies(authz.Compile(&policy.Document{Version: policy.Version2012, Statements: tt.statements})))
			r, a := &authz.Request{}, object()
			a.Keys.Set("s3:delimiter", "")
			a.Keys.Set("s3:prefix", "Secret")
			a.Keys.SetList("aws:tagkeys", []string{"", "Secret"})
			compareEvaluators(t, c, r, a)
			if d := authz.Decide(c, r, a); d.Effect != tt.want {
				t.Errorf("%s, want %s", d.Effect, tt.want)
			}
		})
	}
}
