package authz_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// altered is a question with each of its documents changed by f, which is told
// the number of the document.
func altered(c *authz.Caller, r *authz.Request, a *authz.Access, f func(n int, d *policy.Document)) (*authz.Caller, *authz.Request, *authz.Access) {
	n := 0
	change := func(p *authz.Policies) *authz.Policies {
		if p == nil {
			return nil
		}
		var docs []*authz.Document
		for _, d := range p.Documents() {
			doc := *d.Source()
			doc.Statements = slices.Clone(doc.Statements)
			f(n, &doc)
			n++
			docs = append(docs, authz.Compile(&doc))
		}
		return authz.NewPolicies(docs...)
	}
	changeAll := func(levels []*authz.Policies) []*authz.Policies {
		var list []*authz.Policies
		for _, p := range levels {
			list = append(list, change(p))
		}
		return list
	}
	c2, r2, a2 := *c, *r, *a
	c2.Identity, c2.Boundary, c2.Session, c2.SCP = change(c.Identity), change(c.Boundary), change(c.Session), changeAll(c.SCP)
	r2.Endpoint = change(r.Endpoint)
	a2.Policy, a2.RCP = change(a.Policy), changeAll(a.RCP)
	return &c2, &r2, &a2
}

// forQuestions calls f with generated questions, and with a generator for what
// else it needs.
func forQuestions(t *testing.T, f func(g *generator, c *authz.Caller, r *authz.Request, a *authz.Access)) {
	t.Helper()
	for _, seed := range randomSeeds(4_000) {
		g := &generator{data: seed}
		c, r, a := g.question()
		if f(g, c, r, a); t.Failed() {
			t.Log(describe(c, r, a))
			return
		}
	}
}

func TestProperty_addingADenyNeverAllowsMore(t *testing.T) {
	t.Parallel()
	forQuestions(t, func(g *generator, c *authz.Caller, r *authz.Request, a *authz.Access) {
		before := authz.Decide(c, r, a)
		target := g.n(3)
		after := authz.Decide(altered(c, r, a, func(n int, d *policy.Document) {
			if n != target {
				return
			}
			s := g.statement(d.Kind, len(d.Statements))
			s.Effect = policy.Deny
			d.Statements = append(d.Statements, s)
		}))
		if after.Allowed() && !before.Allowed() {
			t.Errorf("allowed by one more Deny: %+v", after)
		}
	})
}

func TestProperty_removingAnAllowNeverAllowsMore(t *testing.T) {
	t.Parallel()
	forQuestions(t, func(g *generator, c *authz.Caller, r *authz.Request, a *authz.Access) {
		before := authz.Decide(c, r, a)
		target, which := g.n(3), g.n(4)
		after := authz.Decide(altered(c, r, a, func(n int, d *policy.Document) {
			if n == target && which < len(d.Statements) && d.Statements[which].Effect == policy.Allow {
				d.Statements = slices.Delete(d.Statements, which, which+1)
			}
		}))
		if after.Allowed() && !before.Allowed() {
			t.Errorf("allowed by one Allow less: %+v", after)
		}
	})
}

func TestProperty_orderOfStatementsNeverMatters(t *testing.T) {
	t.Parallel()
	forQuestions(t, func(_ *generator, c *authz.Caller, r *authz.Request, a *authz.Access) {
		before := authz.Decide(c, r, a)
		after := authz.Decide(altered(c, r, a, func(_ int, d *policy.Document) { slices.Reverse(d.Statements) }))
		if before.Effect != after.Effect || before.Layer != after.Layer {
			t.Errorf("%s by %s, and %s by %s in reverse", before.Effect, before.Layer, after.Effect, after.Layer)
		}
	})
}

func TestProperty_caseOfActionsNeverMatters(t *testing.T) {
	t.Parallel()
	upper := func(values []policy.Value) []policy.Value {
		list := slices.Clone(values)
		for i := range list {
			list[i].Text = strings.ToUpper(list[i].Text)
		}
		return list
	}
	forQuestions(t, func(_ *generator, c *authz.Caller, r *authz.Request, a *authz.Access) {
		if strings.ContainsFunc(a.Action, func(c rune) bool { return c > '~' }) {
			return // only ASCII has case in an action
		}
		before := authz.Decide(c, r, a)
		c2, r2, a2 := altered(c, r, a, func(_ int, d *policy.Document) {
			for i := range d.Statements {
				s := &d.Statements[i]
				s.Actions, s.NotActions = upper(s.Actions), upper(s.NotActions)
			}
		})
		a2.Action = strings.ToLower(a.Action)
		after := authz.Decide(c2, r2, a2)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("the case of actions matters (-before +after):\n%s", diff)
		}
	})
}

// Whatever unread keys turn out to hold, a decision that does not need them is
// the same.
func TestProperty_whatIsNotNeededMakesNoDifference(t *testing.T) {
	t.Parallel()
	needed, settled := 0, 0
	for _, seed := range randomSeeds(4_000) {
		for fill := range byte(3) {
			g := &generator{data: seed}
			c, r, a := g.question()
			if len(g.unread) == 0 {
				break
			}
			before := authz.Decide(c, r, a)
			if before.Needs != "" {
				needed++
				break
			}
			settled++
			rest := &generator{data: append([]byte{fill}, seed...), unread: g.unread}
			rest.read()
			if after := authz.Decide(c, r, a); after.Effect != before.Effect || after.Needs != "" {
				t.Fatalf("%+v, and with all keys read %+v\n%s", before, after, describe(c, r, a))
			}
		}
	}
	if needed < 20 || settled < 500 {
		t.Errorf("%d decisions need keys, and %d do not", needed, settled)
	}
}
