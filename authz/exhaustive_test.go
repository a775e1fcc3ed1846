package authz_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// These tests put every small case to both evaluators, where the fuzzer would
// have to be lucky.

// words are all strings of up to most letters, the empty one first.
func words(letters []string, most int) []string {
	all := []string{""}
	last := all
	for range most {
		var longer []string
		for _, w := range last {
			for _, l := range letters {
				longer = append(longer, w+l)
			}
		}
		all = append(all, longer...)
		last = longer
	}
	return all
}

func letters(s string) []string { return strings.Split(s, "") }

// alice is a user of the account that owns the resources of these tests.
func alice(identity *authz.Policies) *authz.Caller {
	return &authz.Caller{Type: authz.User, Account: accountA, ARN: "arn:aws:iam::111111111111:user/alice", ID: "AIDAALICE", Identity: identity}
}

func object() *authz.Access {
	return &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::bkt/k", Account: accountA}
}

func value(text string) []policy.Value { return []policy.Value{{Text: text}} }

// allowing is an identity-based policy of one statement.
func allowing(resource string, conditions ...policy.Condition) *authz.Policies {
	return authz.NewPolicies(authz.Compile(&policy.Document{
		Version: policy.Version2012,
		Statements: []policy.Statement{{
			Effect: policy.Allow, Actions: value("*"), Resources: value(resource), Conditions: conditions,
		}},
	}))
}

func TestExhaustive_resources(t *testing.T) {
	t.Parallel()
	texts := words(letters("a:"), 6)
	for _, pattern := range words(letters("a:*?"), 5) {
		c, a := alice(allowing("arn:"+pattern)), object()
		for _, text := range texts {
			a.Resource = "arn:" + text
			if compareEvaluators(t, c, &authz.Request{}, a); t.Failed() {
				return
			}
		}
	}
}

// compareCondition compares a condition on one key for every value.
func compareCondition(t *testing.T, test policy.Test, values, requests []string, variable ...string) {
	t.Helper()
	for _, v := range values {
		c := alice(allowing("*", policy.Condition{
			Operator: policy.Operator{Test: test}, Key: "svc:key", Values: value(v),
		}))
		if len(variable) > 0 {
			c.Keys.Set("svc:variable", variable[0])
		}
		a := object()
		for _, text := range requests {
			a.Keys.Set("svc:key", text)
			if compareEvaluators(t, c, &authz.Request{}, a); t.Failed() {
				t.Fatalf("%s, policy value %q, request value %q, variable %q", test, v, text, variable)
			}
		}
	}
}

func TestExhaustive_arns(t *testing.T) {
	t.Parallel()
	texts := slices.DeleteFunc(words(letters("a:"), 7), func(s string) bool { return strings.Count(s, ":") < 4 })
	for _, prefix := range []string{"", "a:", ":*", "::?:", ":::::"} {
		var patterns []string
		for _, w := range words(letters("a:*?"), 4) {
			patterns = append(patterns, prefix+w)
		}
		compareCondition(t, policy.ArnLike, patterns, texts)
		compareCondition(t, policy.ArnNotLike, patterns, texts)
	}
}

func TestExhaustive_variablesInARNs(t *testing.T) {
	t.Parallel()
	texts := slices.DeleteFunc(words(letters("a:"), 7), func(s string) bool { return strings.Count(s, ":") < 5 })
	// A value with colons moves the wildcard behind it to the last field.
	texts = append(texts, ":::::a:a:::::", ":::::aa:::::")
	var patterns []string
	for _, w := range words(letters("a:*"), 4) {
		patterns = append(patterns, "${svc:variable}"+w, "${svc:variable}*"+w+":::", w+"${svc:variable}:*", "::"+w+"${svc:variable}::*")
	}
	for _, v := range []string{"", "a", ":", "a:", "::a", ":::::", "*"} {
		compareCondition(t, policy.ArnLike, patterns, texts, v)
		compareCondition(t, policy.ArnNotLike, patterns, texts, v)
	}
}

func TestExhaustive_globs(t *testing.T) {
	t.Parallel()
	texts := words([]string{"a", "é", "世", "\xff", "\xc3", "\xa9"}, 3)
	compareCondition(t, policy.StringLike, words([]string{"a", "*", "?", "é"}, 4), texts)
	compareCondition(t, policy.StringLike, words([]string{"${svc:variable}", "*", "?"}, 3), texts, "é")
	for _, v := range []string{"", "\xc3", "\xa9"} { // which may be halves of a character
		compareCondition(t, policy.StringLike, words([]string{"${svc:variable}", "*", "?"}, 3), texts, v)
	}
}

func TestExhaustive_folding(t *testing.T) {
	t.Parallel()
	texts := words([]string{"k", "K", "\u212a", "s", "ſ", "\xff", "\ufffd", "ß"}, 2)
	compareCondition(t, policy.StringEqualsIgnoreCase, texts, texts)
}

func TestExhaustive_numbers(t *testing.T) {
	t.Parallel()
	texts := append(words(letters("01.-"), 4), "+1", "1e1", "10", "2", "184467440737095516160", "0.1000", "٣")
	for _, test := range []policy.Test{policy.NumericEquals, policy.NumericLessThan} {
		compareCondition(t, test, texts, texts)
	}
}

// mutations are texts and what one other character makes of them.
func mutations(texts []string, letters string) []string {
	all := slices.Clone(texts)
	for _, text := range texts {
		for i := range len(text) {
			all = append(all, text[:i]+text[i+1:])
			for _, l := range letters {
				all = append(all, text[:i]+string(l)+text[i+1:], text[:i]+string(l)+text[i:])
			}
		}
	}
	return all
}

func TestExhaustive_dates(t *testing.T) {
	t.Parallel()
	dates := []string{"2024", "2024-02", "2024-02-29", "2024-02-29T23:59Z", "2024-02-29T00:00:59+01:30", "2024-02-29T12:30:15.5-23:59", "2024-02-29T12:30:15.123456789Z", "1709164800", "-5"}
	all := mutations(dates, "0123569-+:.TZtz ")
	fixed := []string{"2024-02-29T00:00:00Z", "2024-02-28T22:30:59Z", "1709164800"}
	for _, test := range []policy.Test{policy.DateNotEquals, policy.DateLessThan, policy.DateGreaterThanEquals} {
		compareCondition(t, test, fixed, all)
		compareCondition(t, test, all, fixed)
	}
}

func TestExhaustive_addresses(t *testing.T) {
	t.Parallel()
	ranges := []string{"203.0.113.7", "203.0.113.0/24", "0.0.0.0/0", "2001:db8::/32", "::/0", "::ffff:203.0.113.0/120", "::ffff:0.0.0.0/90", "fe80::1"}
	all := mutations(ranges, "0123f:./%")
	compareCondition(t, policy.NotIPAddress, ranges, all)
	compareCondition(t, policy.NotIPAddress, all, ranges)
}

func TestExhaustive_binary(t *testing.T) {
	t.Parallel()
	texts := append(words(letters("AQ=\n"), 4), "QUFB", "QUFBQQ==", "QQ==QUFB", "QUFBQQ", "QR==", "QUE=", "QUF=", "QUFB\n")
	compareCondition(t, policy.BinaryEquals, texts, texts)
}

func TestExhaustive_clock(t *testing.T) {
	t.Parallel()
	texts := []string{"1714566600", "1714566600.0", "1714566600.5", "1714566599.9", "-1", "-1.0", "-0.5", "0", "-0", "0.0", "00", "17145666000", "9", "2024-05-01T12:30:00Z", "1970-01-01", "2024-05-01T12:30:00.5Z", "1969-12-31T23:59:59Z"}
	for test := policy.StringEquals; test <= policy.Null; test++ {
		for _, key := range []string{"aws:CurrentTime", "aws:EpochTime"} {
			for _, text := range texts {
				c := alice(allowing("*", policy.Condition{Operator: policy.Operator{Test: test}, Key: key, Values: value(text)}))
				for _, now := range instants {
					if compareEvaluators(t, c, &authz.Request{Now: now}, object()); t.Failed() {
						t.Fatalf("%s %s %q at %s", test, key, text, now.Format(time.RFC3339Nano))
					}
				}
			}
		}
	}
}

// everybody is one caller of each kind that a Principal element can tell apart.
func everybody() []*authz.Caller {
	session := func(name string) *authz.Caller {
		return &authz.Caller{Type: authz.AssumedRole, Account: accountA, ARN: "arn:aws:sts::111111111111:assumed-role/app/" + name, ParentARN: "arn:aws:iam::111111111111:role/svc/app", ParentID: "AROAAPP"}
	}
	return []*authz.Caller{
		alice(nil), session("s1"), session("s2"),
		{Type: authz.Root, Account: accountA, ARN: "arn:aws:iam::111111111111:root"},
		{Type: authz.User, Account: accountB, ARN: "arn:aws:iam::222222222222:user/carol", ID: "AIDACAROL"},
		{Type: authz.FederatedUser, Account: accountA, ARN: "arn:aws:sts::111111111111:federated-user/bob", ParentARN: "arn:aws:iam::111111111111:user/alice", ParentID: "AIDAALICE"},
		{Type: authz.Service, Provider: services[0]}, {Type: authz.WebIdentity, Provider: providers[0]}, {Type: authz.SAML, Provider: providers[1]}, {},
	}
}

// everyPrincipal is one entry of each kind.
func everyPrincipal() []policy.Principal {
	list := []policy.Principal{{Type: policy.Service, Value: services[0]}, {Type: policy.Federated, Value: providers[0]}}
	for _, p := range principals {
		list = append(list, policy.Principal{Type: policy.AWS, Value: p})
	}
	return list
}

func TestExhaustive_principals(t *testing.T) {
	t.Parallel()
	statement := func(action string, p ...policy.Principal) policy.Statement {
		return policy.Statement{Effect: policy.Allow, Actions: value(action), Resources: value("*"), Principals: p}
	}
	document := func(name string, s ...policy.Statement) *authz.Document {
		for i := range s {
			s[i].Index = i
		}
		return authz.Compile(&policy.Document{Kind: policy.Resource, Name: name, Statements: s})
	}
	full := allowing("*")
	for _, p := range everyPrincipal() {
		for _, q := range everyPrincipal() {
			for _, attached := range []*authz.Policies{
				authz.NewPolicies(document("a", statement("s3:*", p), statement("s3:GetObject", q), statement("*", p))),
				authz.NewPolicies(document("a", statement("s3:*", p), statement("s3:Get*", q))),
				authz.NewPolicies(document("a", statement("*", p)), document("b", statement("*", q)), document("c", statement("*", q, p))),
			} {
				for _, c := range everybody() {
					a := object()
					a.Policy = attached
					compareEvaluators(t, c, &authz.Request{}, a)
					c.Identity = full
					compareEvaluators(t, c, &authz.Request{}, a)
				}
			}
		}
	}
}

func TestExhaustive_notPrincipals(t *testing.T) {
	t.Parallel()
	all := everyPrincipal()
	for i := range all {
		for j := range all {
			for k := range all {
				attached := authz.NewPolicies(authz.Compile(&policy.Document{Kind: policy.Resource, Statements: []policy.Statement{{
					Effect: policy.Deny, Actions: value("*"), Resources: value("*"), NotPrincipals: []policy.Principal{all[i], all[j], all[k]},
				}}}))
				for _, c := range everybody() {
					a := object()
					a.Policy = attached
					compareEvaluators(t, c, &authz.Request{}, a)
					c.Boundary = attached
					compareEvaluators(t, c, &authz.Request{}, a)
				}
			}
		}
	}
}
