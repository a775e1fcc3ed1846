package authz_test

import (
	"fmt"
	"strings"
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

// TestDecide_longValuesInAnyCase compares values that are folded once for a
// decision, more of them than are remembered.
func TestDecide_longValuesInAnyCase(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Aé", 40)
	var values []string
	for i := range 600 {
		values = append(values, fmt.Sprintf("%s%04d", long, i))
	}
	document := func(operator, value string) *authz.Policies {
		return authz.NewPolicies(compile(t, policy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"`+
			operator+`":{"aws:TagKeys":`+value+`}}}}`))
	}
	eight := `["1","2","3","4","5","6","7","` + strings.ToLower(values[599]) + `"]`
	tests := map[string]struct {
		operator, value string
		want            authz.Effect
	}{
		"the last":            {"ForAnyValue:StringEqualsIgnoreCase", `"` + strings.ToUpper(values[599]) + `"`, authz.Allow},
		"the last of eight":   {"ForAnyValue:StringEqualsIgnoreCase", eight, authz.Allow},
		"none":                {"ForAnyValue:StringEqualsIgnoreCase", `"` + long + `"`, authz.ImplicitDeny},
		"a variable":          {"ForAnyValue:StringEqualsIgnoreCase", `"${a:b}0599"`, authz.Allow},
		"a variable, not all": {"ForAllValues:StringEqualsIgnoreCase", `["${a:b}0599","${a:b}0000"]`, authz.ImplicitDeny},
		"two variables":       {"ForAnyValue:StringEqualsIgnoreCase", `"${a:c}${a:c}0000"`, authz.Allow},
		"not a variable":      {"ForAllValues:StringNotEqualsIgnoreCase", `"${a:b}0300"`, authz.ImplicitDeny},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, r, a := alice(document(tt.operator, tt.value)), &authz.Request{}, object()
			a.Keys.SetList("aws:tagkeys", values)
			a.Keys.Set("a:b", strings.ToUpper(long))
			a.Keys.Set("a:c", strings.ToLower(long[:len(long)/2]))
			compareEvaluators(t, c, r, a)
			if d := authz.Decide(c, r, a); d.Effect != tt.want {
				t.Errorf("%s, want %s", d.Effect, tt.want)
			}
		})
	}
}

// TestDecide_foldedOfSeveralBytes compares characters whose case differs in how
// many bytes they take, and bytes that are no characters.
func TestDecide_foldedOfSeveralBytes(t *testing.T) {
	t.Parallel()
	texts := []string{"k", "K", "\u212a", "s", "S", "\u017f", "ß", "ẞ", "ss", "İ", "i", "I", "ı", "σ", "ς", "Σ", "Ⱥ", "ⱥ", "\xff", "\xfe", "\ufffd", "\xc3", "é", "É", ""}
	for _, text := range texts {
		for _, other := range texts {
			for _, pad := range []string{"", strings.Repeat("x", 40)} {
				c := alice(authz.NewPolicies(authz.Compile(&policy.Document{Version: policy.Version2012, Statements: []policy.Statement{
					{Effect: policy.Allow, Actions: value("*"), Resources: value("*"), Conditions: []policy.Condition{
						{Operator: policy.Operator{Test: policy.StringEqualsIgnoreCase}, Key: "a:b", Values: value(pad + text)}}},
					{Effect: policy.Deny, Actions: value("*"), Resources: value("*"), Conditions: []policy.Condition{
						{Operator: policy.Operator{Test: policy.StringNotEqualsIgnoreCase}, Key: "a:b", Values: value(pad + "${a:c}")}}},
				}})))
				r, a := &authz.Request{}, object()
				a.Keys.Set("a:b", strings.ToUpper(pad)+other)
				a.Keys.Set("a:c", text)
				compareEvaluators(t, c, r, a)
			}
		}
	}
}
