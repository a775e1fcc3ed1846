package authz_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/authz/reference"
)

// FuzzDifferential holds the compiled evaluator against the reference one.
func FuzzDifferential(f *testing.F) {
	for _, seed := range randomSeeds(64) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g := generator{data: data}
		c, r, a := g.question()
		compareEvaluators(t, c, r, a)
	})
}

// randomSeeds are strings of bytes that are random and always the same.
func randomSeeds(n int) [][]byte {
	source := rand.NewChaCha8([32]byte{'s', 'a', 'l', 'l', 'y'})
	seeds := make([][]byte, n)
	for i := range seeds {
		seeds[i] = make([]byte, 800)
		_, _ = source.Read(seeds[i]) // never fails
	}
	return seeds
}

func compareEvaluators(t *testing.T, c *authz.Caller, r *authz.Request, a *authz.Access) {
	t.Helper()
	want := reference.Decide(c, r, a)
	for name, decide := range map[string]func(*authz.Caller, *authz.Request, *authz.Access) authz.Decision{
		"compiled": authz.Decide, "eager": authz.DecideEagerly,
	} {
		if diff := cmp.Diff(want, decide(c, r, a)); diff != "" {
			t.Errorf("%s on %q by %s: the evaluators differ (-reference +%s):\n%s\n%s", a.Action, a.Resource, c.Type, name, diff, describe(c, r, a))
		}
	}
}

// describe prints the documents of a question.
func describe(c *authz.Caller, r *authz.Request, a *authz.Access) string {
	var b strings.Builder
	show := func(name string, p *authz.Policies) {
		for _, d := range p.Documents() {
			b.WriteString(name + ": " + string(policy.Print(d.Source())))
		}
	}
	show("identity", c.Identity)
	show("boundary", c.Boundary)
	show("session", c.Session)
	for _, p := range c.SCP {
		show("scp", p)
	}
	show("endpoint", r.Endpoint)
	show("resource", a.Policy)
	for _, p := range a.RCP {
		show("rcp", p)
	}
	return b.String()
}

// TestDifferential puts many questions to both evaluators, as the fuzzer does
// for as long as one likes.
func TestDifferential(t *testing.T) {
	t.Parallel()
	n := 20_000
	if testing.Short() {
		n = 1_000
	}
	effects := map[authz.Effect]int{}
	layers := map[authz.Layer]int{}
	for _, seed := range randomSeeds(n) {
		g := generator{data: seed}
		c, r, a := g.question()
		compareEvaluators(t, c, r, a)
		d := authz.Decide(c, r, a)
		effects[d.Effect]++
		layers[d.Layer]++
		if t.Failed() {
			return
		}
	}
	// A generator that makes only one kind of question proves nothing.
	for _, effect := range []authz.Effect{authz.ImplicitDeny, authz.ExplicitDeny, authz.Allow} {
		if effects[effect] < n/100 {
			t.Errorf("only %d of %d decisions are %s", effects[effect], n, effect)
		}
	}
	for layer := authz.LayerNone; layer <= authz.LayerTrust; layer++ {
		if layers[layer] < n/5000 {
			t.Errorf("only %d of %d decisions are by layer %s", layers[layer], n, layer)
		}
	}
}
