package authz_test

import (
	"fmt"
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// What one decision remembers of values matters once several statements compare
// several keys with long lists. The pools are small, so that values often match.
var (
	wideTexts     = []string{"", "", "secret", "SECRET", "Secret", "a", "A", "é", "É", "k", "\u212a", "*", wideLong, strings.ToUpper(wideLong), wideLong + "x", "\xff"}
	widePatterns  = append([]string{"${aws:username}", "${svc:1}", "${svc:2}x", "${svc:3}${svc:1}", "${aws:missing, ''}", "${", "*e*", "s?cret", "*" + wideLong + "*"}, wideTexts...)
	wideResources = []string{"*", "*", "arn:aws:s3:::bkt/${svc:1}", "arn:aws:s3:::bkt/*", "arn:aws:s3:::bkt/?", "arn:aws:s3:::*k*"}
	wideKeys      = wideNames()
)

// wideLong is longer than what is compared without being remembered.
const wideLong = "abababababababababababababababababababababababab"

func wideNames() []string {
	names := keys[:len(keys):len(keys)]
	for i := range 20 {
		names = append(names, fmt.Sprintf("svc:%d", i))
	}
	return names
}

// wide makes a question about one document of up to fourteen statements, and up
// to twenty keys.
func (g *generator) wide(c *authz.Caller, r *authz.Request, a *authz.Access) {
	doc := &policy.Document{Name: "wide", Version: g.one([]string{policy.Version2012, policy.Version2012, policy.Version2012, policy.Version2008})}
	used := []string{"aws:username", "svc:1", "svc:2", "svc:3"}
	test := policy.StringEquals + policy.Test(g.n(6))
	if g.n(2) == 1 {
		test = g.test()
	}
	few := []string{g.one(wideKeys), "svc:1", "svc:2"}
	for i := range 1 + g.n(14) {
		s := policy.Statement{Index: i, Effect: policy.Effect(g.n(2)), Actions: []policy.Value{{Text: "*"}}, Resources: []policy.Value{{Text: g.one(wideResources)}}}
		if i == 0 {
			s.Effect = policy.Allow
		}
		for range [...]int{1, 1, 2, 0, 3}[g.n(5)] {
			condition := g.wideCondition(test, few)
			used = append(used, condition.Key)
			s.Conditions = append(s.Conditions, condition)
		}
		doc.Statements = append(doc.Statements, s)
	}
	c.Identity = authz.NewPolicies(authz.Compile(doc))
	for range g.n(21) {
		context := []*authz.Context{&a.Keys, &r.Keys, &c.Keys}[g.n(3)]
		key := strings.ToLower(g.one(used))
		if g.n(5) != 1 {
			context.Set(key, g.wideValue(key))
			continue
		}
		var list []string
		for range g.n(5) {
			list = append(list, g.wideValue(key))
		}
		context.SetList(key, list)
	}
}

func (g *generator) test() policy.Test { return policy.Test(g.n(int(policy.Null) + 1)) }

// wideCondition is of one operator, mostly, on one of a few keys, as often as not,
// with a list of any length.
func (g *generator) wideCondition(test policy.Test, few []string) policy.Condition {
	if g.n(4) == 1 {
		test = g.test()
	}
	op := policy.Operator{Test: test, Set: policy.Set([...]int{0, 0, 1, 2}[g.n(4)]), IfExists: g.n(4) == 1}
	if op.Test == policy.Null {
		op.IfExists = false
	}
	key := naturalKey(op.Test)
	if key == "" || g.n(4) == 1 {
		key = g.one([][]string{few, wideKeys}[g.n(2)])
	}
	c := policy.Condition{Operator: op, Key: key, Values: []policy.Value{}}
	for range [...]int{1, 14, 9, 2, 16, 0, 12}[g.n(7)] {
		var text string
		switch {
		case op.Test >= policy.ArnEquals && op.Test.HasVariables():
			text = g.one(arnPatterns)
		case op.Test.HasVariables():
			text = g.one(widePatterns)
		default:
			text = g.typedValue(op.Test)
		}
		c.Values = append(c.Values, policy.Value{Text: text})
	}
	return c
}

func (g *generator) wideValue(key string) string {
	if test := naturalTest(key); test != policy.StringEquals && g.n(4) != 1 {
		return g.requestValue(key)
	}
	return g.one(wideTexts)
}
