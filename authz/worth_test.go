package authz_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// statements makes n statements of a format that takes their number.
func statements(n int, format string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(list, ",")
}

// TestWeigh orders questions by what it takes to evaluate them.
func TestWeigh(t *testing.T) {
	t.Parallel()
	const found = authz.LeastFindingCost
	patterns := make([]string, 20)
	for i := range patterns {
		patterns[i] = fmt.Sprintf(`"*browser/%d*"`, i)
	}
	like := `"Condition": {"StringLike": {"aws:UserAgent": [` + strings.Join(patterns, ",") + `]}}`
	tests := []struct {
		name, statements string
		// What the work lies between, and the most that any is.
		least, most int
		bound       int
	}{
		{"nothing", ``, 0, found, found},
		{"one candidate", `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`, 0, found, found},
		{"a thousand that cannot match", statements(1000, `{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::other-%d/*"}`), 0, found, found},
		{
			"twenty on another resource", statements(20, `{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::other/*", "Condition": {"Bool": {"a:b%d": "true"}}}`),
			0, found, math.MaxInt,
		},
		{
			"twenty on another action", statements(20, `{"Effect": "Allow", "Action": "s3:Put*", "Resource": "*", "Condition": {"Bool": {"a:b%d": "true"}}}`),
			0, found, math.MaxInt,
		},
		{"twenty that none allows", statements(20, `{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"a:b%d": "true"}}}`), 4 * found, 12 * found, 12 * found},
		{"twenty that none denies", statements(20, `{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"a:b%d": "true"}}}`), 4 * found, 12 * found, 12 * found},
		{
			"twenty, the first of which allows", `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},` + statements(20, `{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"a:b%d": "true"}}}`),
			0, found, math.MaxInt,
		},
		{"twenty patterns without conditions", statements(20, `{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::*x%d"}`), 3 * found, 8 * found, 8 * found},
		{"twenty actions that end alike", statements(20, `{"Effect": "Allow", "Action": "s3:*t%d", "Resource": "*"}`), 2 * found, 8 * found, 8 * found},
		{"all but some actions", statements(20, `{"Effect": "Allow", "NotAction": ["s3:Get*", "s3:%d"], "Resource": "*"}`), 4 * found, 12 * found, 12 * found},
		{"all but some resources", statements(20, `{"Effect": "Allow", "Action": "s3:*", "NotResource": ["arn:aws:s3:::bkt/*", "arn:aws:s3:::other%d"]}`), 4 * found, 16 * found, 16 * found},
		{"variables", statements(10, `{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/${aws:username}/%d"}`), 3 * found, 8 * found, 8 * found},
		{"wildcards in one pattern", `{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/` + strings.Repeat("*a", 64) + `"}`, 2 * found, 8 * found, 8 * found},
		{"many values that begin with a wildcard", `{"Effect": "Allow", "Action": "s3:*", "Resource": "*", ` + like + `}`, 2 * found, 8 * found, 8 * found},
		{
			"a list of actions and resources", `{"Effect": "Allow", "Action": [` + quoted(20, "s3:Get%d*") + `, "s3:GetObject"], "Resource": [` + quoted(40, "arn:aws:s3:::*%d") + `]}`,
			8 * found, 24 * found, 24 * found,
		},
		{
			"a longer list of actions", `{"Effect": "Allow", "Action": [` + quoted(40, "s3:Get%d*") + `, "s3:GetObject"], "Resource": [` + quoted(20, "arn:aws:s3:::*%d") + `]}`,
			found / 2, 8 * found, math.MaxInt,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := conditioned(t, "")
			q.caller.Identity = authz.NewPolicies(compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": [`+tt.statements+`]}`))
			q.request.Keys.Set("aws:useragent", "aws-cli/2.0")
			q.request.Keys.Set("aws:username", "alice")
			d, work := authz.Weigh(q.caller, q.request, q.access)
			if want := authz.Decide(q.caller, q.request, q.access); d != want {
				t.Errorf("the decision is %+v, want %+v", d, want)
			}
			if work < tt.least || work > tt.most {
				t.Errorf("the work is %d, want %d to %d", work, tt.least, tt.most)
			}
			if most := authz.MostWork(q.caller, q.request, q.access); most < work || most > tt.bound {
				t.Errorf("the most is %d, want %d to %d", most, work, tt.bound)
			}
		})
	}
}

// quoted makes a list of n strings.
func quoted(n int, format string) string { return statements(n, `"`+format+`"`) }

// TestMostWork adds up what is attached to all layers.
func TestMostWork(t *testing.T) {
	t.Parallel()
	p := authz.NewPolicies(compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`))
	q := question{alice(nil), &authz.Request{}, object()}
	last := authz.MostWork(q.caller, q.request, q.access)
	for i, attach := range []func(){
		func() { q.caller.Identity = p },
		func() { q.caller.Boundary = p },
		func() { q.caller.Session = p },
		func() { q.caller.SCP = []*authz.Policies{p} },
		func() { q.caller.SCP = []*authz.Policies{p, p} },
		func() { q.request.Endpoint = p },
		func() { q.access.Policy = p },
		func() { q.access.RCP = []*authz.Policies{nil, p} },
	} {
		attach()
		next := authz.MostWork(q.caller, q.request, q.access)
		if next <= last {
			t.Errorf("with layer %d, %d after %d", i, next, last)
		}
		last = next
	}
}

// TestFindingCost follows from what is written down.
func TestFindingCost(t *testing.T) {
	t.Parallel()
	cost := func(q question) int { return authz.FindingCost(q.caller, q.request, q.access) }
	none := conditioned(t, "")
	if got := cost(none); got < authz.LeastFindingCost || got > 2*authz.LeastFindingCost {
		t.Errorf("%d to write down nothing but who asks what", got)
	}
	one := conditioned(t, `"StringEquals": {"aws:UserAgent": "x"}`)
	two := conditioned(t, `"StringEquals": {"aws:UserAgent": "x", "aws:Referer": "x"}`)
	date := conditioned(t, `"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}`)
	if cost(none) >= cost(one) || cost(one) >= cost(two) || cost(one) >= cost(date) {
		t.Errorf("%d for no key, %d for one, %d for two, %d for a date", cost(none), cost(one), cost(two), cost(date))
	}
	again := conditioned(t, `"StringEquals": {"aws:UserAgent": "x"}`)
	again.caller.Boundary = one.caller.Identity
	if got := cost(again) - cost(one); got <= 0 || got >= cost(two)-cost(one) {
		t.Errorf("%d for a key that another layer reads as well", got)
	}
	long := conditioned(t, "")
	long.access.Resource += strings.Repeat("x", 1000)
	if cost(long) <= cost(none) {
		t.Errorf("%d with a long name", cost(long))
	}
	text := conditioned(t, `"StringLike": {"aws:CurrentTime": "2024-*"}`)
	if cost(text) != math.MaxInt {
		t.Errorf("%d where the clock is read as text", cost(text))
	}
}

// TestWeigh_differential holds for any question: weighing decides alike, nothing
// has no key and a cost, and no work is more than the most unless keys are unread,
// for which Allows are tried again.
func TestWeigh_differential(t *testing.T) {
	t.Parallel()
	n := 20_000
	if testing.Short() {
		n = 1_000
	}
	found := 0
	for _, seed := range randomSeeds(n) {
		c, r, a := (&generator{data: seed}).question()
		d, work := authz.Weigh(c, r, a)
		if want := authz.Decide(c, r, a); d != want {
			t.Fatalf("the decision is %+v, want %+v", d, want)
		}
		if most := authz.MostWork(c, r, a); work > 3*most || work > most && d.Needs == "" && !unread(c, r, a) {
			t.Fatalf("the work is %d, and at most %d: %s", work, most, describe(c, r, a))
		}
		cost := authz.FindingCost(c, r, a)
		if _, ok := key(c, r, a); ok != (cost < math.MaxInt) || cost < authz.LeastFindingCost {
			t.Fatalf("the cost is %d; it has a key: %t", cost, ok)
		}
		if work > cost {
			found++
		}
	}
	if found < n/20 {
		t.Errorf("%d of %d are worth finding: little is proved", found, n)
	}
}

// unread tells whether any family of keys is unread.
func unread(c *authz.Caller, r *authz.Request, a *authz.Access) bool {
	for _, f := range families {
		for _, keys := range []*authz.Context{&c.Keys, &r.Keys, &a.Keys} {
			if keys.Unread(strings.ToLower(f)) != "" {
				return true
			}
		}
	}
	return false
}
