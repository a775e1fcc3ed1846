package authz_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// key is the key of a decision.
func key(c *authz.Caller, r *authz.Request, a *authz.Access) ([]byte, bool) {
	return authz.AppendKey(nil, c, r, a)
}

// question is what a decision is made of, to be changed by a test.
type question struct {
	caller  *authz.Caller
	request *authz.Request
	access  *authz.Access
}

func (q question) key(t *testing.T) string {
	t.Helper()
	k, ok := key(q.caller, q.request, q.access)
	if !ok {
		t.Fatal("the decision has no key")
	}
	return string(k)
}

// conditioned is a question on which the conditions of an identity-based policy
// bear.
func conditioned(t *testing.T, conditions string) question {
	t.Helper()
	c := alice(authz.NewPolicies(compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "Condition": {`+conditions+`}}}`)))
	return question{c, &authz.Request{Now: time.Unix(1714566600, 0)}, object()}
}

// TestAppendKey_fields fails when what a decision is made of gets a field that
// AppendKey may not know: a key that leaves out what a decision depends on is
// somebody's wrong allow. Whoever adds a field adds it to AppendKey or finds that
// no decision depends on it, changes a value of it in TestAppendKey_components and
// in generator.step, and then names it here.
func TestAppendKey_fields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		of   any
		want string
	}{
		{authz.Caller{}, "Type prepared Account ARN ParentARN ID ParentID CanonicalID Provider Identity Boundary Session SCP Keys"},
		{authz.Request{}, "Now Keys Endpoint"},
		{authz.Access{}, "Action Resource Account Policy RCP Kind Keys"},
		{authz.Context{}, "hashes entries unread"},
		{authz.Value{}, "text other"},
		{reflect.Zero(reflect.TypeFor[authz.Value]().Field(1).Type.Elem()).Interface(), "list unusable"},
	}
	for _, tt := range tests {
		var fields []string
		for f := range reflect.TypeOf(tt.of).Fields() {
			fields = append(fields, f.Name)
		}
		if got := strings.Join(fields, " "); got != tt.want {
			t.Errorf("%T has the fields %s, and AppendKey knows %s", tt.of, got, tt.want)
		}
	}
}

// TestAppendKey_components changes one thing at a time that a decision can
// depend on.
func TestAppendKey_components(t *testing.T) {
	t.Parallel()
	one := authz.NewPolicies(compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}`))
	same := authz.NewPolicies(one.Documents()...)
	tests := []struct {
		name   string
		change func(q question)
	}{
		{"nothing", func(question) {}},
		{"type", func(q question) { q.caller.Type = authz.AssumedRole }},
		{"account", func(q question) { q.caller.Account = accountB }},
		{"no account", func(q question) { q.caller.Account = "" }},
		{"ARN", func(q question) { q.caller.ARN += "x" }},
		{"ARN and its end in the next field", func(q question) { q.caller.ARN, q.caller.ParentARN = q.caller.ARN[:20], q.caller.ARN[20:] }},
		{"parent's ARN", func(q question) { q.caller.ParentARN = q.caller.ARN }},
		{"id", func(q question) { q.caller.ID = "AIDAOTHER" }},
		{"parent's id", func(q question) { q.caller.ParentID = q.caller.ID }},
		{"canonical id", func(q question) { q.caller.CanonicalID = "c0ffee" }},
		{"provider", func(q question) { q.caller.Provider = "accounts.google.com" }},
		{"identity policies", func(q question) { q.caller.Identity = one }},
		{"the same documents attached elsewhere", func(q question) { q.caller.Identity = same }},
		{"no identity policies", func(q question) { q.caller.Identity = nil }},
		{"empty identity policies", func(q question) { q.caller.Identity = &authz.Policies{} }},
		{"boundary", func(q question) { q.caller.Boundary = one }},
		{"session", func(q question) { q.caller.Session = one }},
		{"empty session", func(q question) { q.caller.Session = &authz.Policies{} }},
		{"SCP", func(q question) { q.caller.SCP = []*authz.Policies{one} }},
		{"SCP on two levels", func(q question) { q.caller.SCP = []*authz.Policies{one, one} }},
		{"SCP level without policies", func(q question) { q.caller.SCP = []*authz.Policies{nil} }},
		{"RCP", func(q question) { q.access.RCP = []*authz.Policies{one} }},
		{"endpoint", func(q question) { q.request.Endpoint = one }},
		{"resource policy", func(q question) { q.access.Policy = one }},
		{"action", func(q question) { q.access.Action = "s3:GetObjectTagging" }},
		{"action's case", func(q question) { q.access.Action = "s3:getobject" }},
		{"resource", func(q question) { q.access.Resource += "x" }},
		{"owner", func(q question) { q.access.Account = accountB }},
		{"kind", func(q question) { q.access.Kind = authz.KMSKey }},

		{"value", func(q question) { q.request.Keys.Set("aws:sourceip", "203.0.113.7") }},
		{"value of the caller", func(q question) { q.caller.Keys.Set("aws:sourceip", "203.0.113.8") }},
		{"value of the access", func(q question) { q.access.Keys.Set("aws:sourceip", "203.0.113.9") }},
		{"empty value", func(q question) { q.request.Keys.Set("aws:sourceip", "") }},
		{"list of one", func(q question) { q.request.Keys.SetList("aws:sourceip", []string{"203.0.113.7"}) }},
		{"list of two", func(q question) { q.request.Keys.SetList("aws:sourceip", []string{"203.0.113.7", ""}) }},
		{"list of two others", func(q question) { q.request.Keys.SetList("aws:sourceip", []string{"203.0.113.", "7"}) }},
		{"list of one empty", func(q question) { q.request.Keys.SetList("aws:sourceip", []string{""}) }},
		{"value that reads like such a list", func(q question) { q.request.Keys.Set("aws:sourceip", "\x00") }},
		{"other key with the value", func(q question) { q.request.Keys.Set("aws:vpcsourceip", "203.0.113.7") }},
		{"variable in a resource", func(q question) { q.request.Keys.Set("aws:username", "alice") }},
		{"variable in NotResource", func(q question) { q.request.Keys.Set("aws:principaltag/home", "alice") }},
		{"variable in a condition", func(q question) { q.request.Keys.Set("aws:principaltag/team", "alice") }},
		{"variable with a default", func(q question) { q.request.Keys.Set("aws:sourceidentity", "alice") }},
		{"tag", func(q question) { q.request.Keys.SetTag("aws:requesttag", "Ünïcode/a b=ç:\x00,", "v") }},
		{"tags that differ in case", func(q question) {
			q.request.Keys.SetTag("aws:requesttag", "Ünïcode/a b=ç:\x00,", "v")
			q.request.Keys.SetTag("aws:requesttag", "ünïcode/A b=ç:\x00,", "v")
		}},
		{"unread", func(q question) { q.request.Keys.SetUnread("aws:SourceIp") }},
		{"unread by a wider family", func(q question) { q.request.Keys.SetUnread("aws:Source") }},
		{"unread presence", func(q question) { q.request.Keys.SetUnread("aws:TokenIssueTime") }},
		{"unread variable", func(q question) { q.request.Keys.SetUnread("aws:PrincipalTag/") }},
		{"presence", func(q question) { q.request.Keys.Set("aws:tokenissuetime", "2024-01-01T00:00:00Z") }},
		{"key of NotAction", func(q question) { q.request.Keys.Set("aws:referer", "x") }},
		{"key of an exact action", func(q question) { q.request.Keys.Set("aws:useragent", "x") }},
		{"clock", func(q question) { q.request.Now = time.Unix(1800000000, 0) }},
		{"no clock", func(q question) { q.request.Now = time.Time{} }},
	}
	seen := map[string]string{}
	policies := authz.NewPolicies(
		compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::bkt/${aws:username}/*", "Condition": {
				"IpAddress": {"aws:SourceIp": "203.0.113.0/24", "aws:VpcSourceIp": "203.0.113.0/24"},
				"StringLike": {"aws:RequestTag/Ünïcode/a b=ç:`+"\\u0000"+`,": "${aws:PrincipalTag/Team}"},
				"StringEquals": {"aws:RequestedRegion": "${aws:SourceIdentity, 'x'}"},
				"Null": {"aws:TokenIssueTime": "true"},
				"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}},
			{"Effect": "Deny", "NotAction": "s3:Put*", "NotResource": "arn:aws:s3:::bkt/${aws:PrincipalTag/Home}", "Condition": {"StringEquals": {"aws:Referer": "y"}}}]}`),
		compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Deny", "Action": ["S3:getobject", "iam:ListUsers"], "Resource": "*", "Condition": {"StringEquals": {"aws:UserAgent": "y"}}},
			{"Effect": "Deny", "Action": ["S3:getobjecttagging"], "Resource": "*", "Condition": {"StringEquals": {"aws:UserAgent": "y"}}}]}`),
	)
	for _, tt := range tests {
		q := question{alice(policies), &authz.Request{Now: time.Unix(1714566600, 0)}, object()}
		tt.change(q)
		k := q.key(t)
		if other, found := seen[k]; found {
			t.Errorf("%s and %s have one key", other, tt.name)
		}
		seen[k] = tt.name
	}
	prepared := alice(policies)
	prepared.Prepare()
	for _, tt := range tests {
		// Whatever stays the caller's own is not to be changed, and a copy of it may be.
		c := *prepared
		q := question{&c, &authz.Request{Now: time.Unix(1714566600, 0)}, object()}
		q.caller.Keys = prepared.Keys.Clone()
		tt.change(q)
		k := q.key(t)
		if seen[k] != tt.name {
			t.Errorf("%s: a copy of a prepared caller has not the key of another", tt.name)
		}
		q.caller.Prepare()
		k = q.key(t)
		if other, found := seen[k]; found {
			t.Errorf("%s and %s, prepared, have one key", other, tt.name)
		}
		seen[k] = tt.name + ", prepared"
	}
}

// TestPrepare compares what a decision takes by a caller that is prepared with what it
// takes by the same that is not, with any question.
func TestPrepare(t *testing.T) {
	t.Parallel()
	n := 5_000
	if testing.Short() {
		n = 500
	}
	keys := 0
	for _, seed := range randomSeeds(n) {
		c, r, a := (&generator{data: seed}).question()
		most, cost := authz.MostWork(c, r, a), authz.FindingCost(c, r, a)
		d, name := authz.Decide(c, r, a), c.NameHash()
		_, has := key(c, r, a)
		c.Prepare()
		if got := authz.MostWork(c, r, a); got != most {
			t.Errorf("prepared, the most work is %d, not %d", got, most)
		}
		if got := authz.FindingCost(c, r, a); got != cost {
			t.Errorf("prepared, finding costs %d, not %d", got, cost)
		}
		if got := authz.Decide(c, r, a); got != d {
			t.Errorf("prepared, the decision is %+v, not %+v", got, d)
		}
		if got := c.NameHash(); got != name {
			t.Errorf("prepared, the hash of the name is %x, not %x", got, name)
		}
		one, ok := key(c, r, a)
		if other, _ := key(c, r, a); ok != has || string(one) != string(other) {
			t.Errorf("prepared, the key is %q, %t, and %q", one, ok, other)
		}
		if has {
			keys++
		}
		again := *c
		again.Prepare()
		if other, _ := key(&again, r, a); has && string(one) == string(other) {
			t.Errorf("two callers have the key %q", one)
		}
	}
	if keys == 0 {
		t.Error("no question has a key")
	}
}

// TestAppendKey_ignored changes what a decision cannot depend on.
func TestAppendKey_ignored(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(q question)
	}{
		{"key that nothing reads", func(q question) { q.request.Keys.Set("aws:referer", "x") }},
		{"key that another action's statement reads", func(q question) { q.request.Keys.Set("aws:useragent", "x") }},
		{"key behind another of the same name", func(q question) { q.caller.Keys.Set("s3:prefix", "x") }},
		{"list without values", func(q question) { q.request.Keys.SetList("aws:sourceip", []string{}) }},
		{"value of a key whose presence counts", func(q question) { q.request.Keys.Set("aws:tokenissuetime", "x") }},
		{"moment", func(q question) { q.request.Now = q.request.Now.Add(time.Second) }},
		{"fraction of a second", func(q question) { q.request.Now = q.request.Now.Add(time.Millisecond) }},
		{"text that is no policy variable", func(q question) { q.request.Keys.Set("aws:username", "alice") }},
	}
	policies := authz.NewPolicies(
		compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "Condition": {
				"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "StringEquals": {"s3:prefix": "a"}, "Null": {"aws:TokenIssueTime": "true"},
				"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}},
			{"Effect": "Deny", "Action": ["s3:PutObject", "s3:Put*"], "Resource": "*", "Condition": {"StringEquals": {"aws:UserAgent": "y"}}}]}`),
		compile(t, policy.Identity, `{"Version": "2008-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::bkt/${aws:username}/*"}}`),
	)
	ask := func() question {
		q := question{alice(policies), &authz.Request{Now: time.Unix(1714566600, 0)}, object()}
		q.access.Keys.Set("s3:prefix", "a")
		q.request.Keys.Set("aws:tokenissuetime", "2024-01-01T00:00:00Z")
		return q
	}
	want := ask().key(t)
	for _, tt := range tests {
		q := ask()
		tt.change(q)
		if q.key(t) != want {
			t.Errorf("%s: another key", tt.name)
		}
	}
}

// TestAppendKey_ranks checks the place of clocks and ages among thresholds:
// below, at, between and above.
func TestAppendKey_ranks(t *testing.T) {
	t.Parallel()
	second := func(n int64) func(question) {
		return func(q question) { q.request.Now = time.Unix(n, 0) }
	}
	age := func(key, value string) func(question) {
		return func(q question) { q.request.Keys.Set(key, value) }
	}
	tests := []struct {
		name, conditions string
		// Keys are equal within a group, and differ between groups.
		groups [][]func(question)
	}{
		{
			"dates", `"DateLessThan": {"aws:CurrentTime": ["2024-05-01T12:30:00Z", "1714566700"]}, "DateGreaterThanEquals": {"aws:CurrentTime": "2024-05-01T14:30:00+02:00"}`,
			[][]func(question){
				{second(0), second(-5), second(1714566599)},
				{second(1714566600), func(q question) { q.request.Now = time.Unix(1714566600, 999_999_999) }},
				{second(1714566601), second(1714566699)},
				{second(1714566700)},
				{second(1714566701), second(1 << 40)},
				{func(q question) { q.request.Now = time.Time{} }},
			},
		},
		{
			"a fraction between two seconds", `"DateEquals": {"aws:EpochTime": "2024-05-01T12:30:00.5Z"}`,
			[][]func(question){{second(1714566599), second(1714566600)}, {second(1714566601)}},
		},
		{
			"numbers", `"NumericLessThan": {"aws:EpochTime": ["10", "-1.5", "+10.0"]}`,
			[][]func(question){{second(-3), second(-2)}, {second(-1), second(0), second(9)}, {second(10)}, {second(11)}},
		},
		{
			"a date is no number", `"NumericLessThan": {"aws:CurrentTime": "10"}`,
			[][]func(question){{second(1), second(10), second(11)}, {func(q question) { q.request.Now = time.Time{} }}},
		},
		{
			"ages", `"NumericLessThan": {"aws:MultiFactorAuthAge": ["300"]}`,
			[][]func(question){
				{func(question) {}},
				{age("aws:multifactorauthage", "0"), age("aws:multifactorauthage", "299.9")},
				{age("aws:multifactorauthage", "300"), age("aws:multifactorauthage", "+0300.")},
				{age("aws:multifactorauthage", "301")},
				{age("aws:multifactorauthage", "x"), age("aws:multifactorauthage", "")},
				{func(q question) { q.request.Keys.SetList("aws:multifactorauthage", []string{"1"}) }},
				{func(q question) { q.request.Keys.SetList("aws:multifactorauthage", []string{"2"}) }},
			},
		},
		{
			"a signature's age as number and date", `"NumericGreaterThan": {"s3:signatureAge": "600000"}, "DateGreaterThan": {"s3:signatureAge": "700000"}`,
			[][]func(question){
				{age("s3:signatureage", "1"), age("s3:signatureage", "2")},
				{age("s3:signatureage", "600000")},
				{age("s3:signatureage", "600001"), age("s3:signatureage", "699999")},
				{age("s3:signatureage", "700001"), age("s3:signatureage", "700002")},
				{age("s3:signatureage", "700001.5")},
				{age("s3:signatureage", "1970-01-01T00:00:00Z")},
				{age("s3:signatureage", "2024-01-01T00:00:00Z")},
				{age("s3:signatureage", "-")},
			},
		},
		{
			"a clock that the context sets", `"DateLessThan": {"aws:CurrentTime": "2024-05-01T12:30:00Z"}`,
			[][]func(question){
				{age("aws:currenttime", "2024-01-01"), age("aws:currenttime", "0"), second(5)},
				{age("aws:currenttime", "2024-05-01T12:30:00Z"), second(1714566600)},
				{age("aws:currenttime", "never")},
			},
		},
		{
			"presence alone", `"Null": {"aws:CurrentTime": "true"}`,
			[][]func(question){{second(1), second(1 << 40)}, {func(q question) { q.request.Now = time.Time{} }}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := conditioned(t, tt.conditions)
			groups := map[string]int{}
			for i, group := range tt.groups {
				for j, change := range group {
					q.request = &authz.Request{Now: time.Unix(1714566600, 0)}
					change(q)
					k := q.key(t)
					if j == 0 {
						if other, found := groups[k]; found {
							t.Errorf("the groups %d and %d have one key", other, i)
						}
						groups[k] = i
					} else if groups[k] != i || len(groups) != i+1 {
						t.Errorf("%d of group %d has another key than the first", j, i)
					}
				}
			}
		})
	}
}

// TestAppendKey_clockAsText checks that what reads the clock in any other way
// has no key, for the actions that it is about.
func TestAppendKey_clockAsText(t *testing.T) {
	t.Parallel()
	for _, condition := range []string{
		`"StringLike": {"aws:CurrentTime": "2024-*"}`,
		`"StringEquals": {"aws:EpochTime": "1"}`,
		`"Bool": {"aws:MultiFactorAuthAge": "true"}`,
		`"StringEquals": {"s3:signatureAge": "1"}`,
		`"StringEquals": {"s3:prefix": "${aws:CurrentTime}"}`,
		`"ArnLike": {"aws:SourceArn": "arn:aws:s3:::${aws:EpochTime, 'x'}"}`,
	} {
		q := conditioned(t, condition)
		if _, ok := key(q.caller, q.request, q.access); ok {
			t.Errorf("%s has a key", condition)
		}
		q.access.Action = "s3:PutObject"
		if _, ok := key(q.caller, q.request, q.access); !ok {
			t.Errorf("%s: another action has no key", condition)
		}
	}
	q := conditioned(t, `"Null": {"aws:SourceIp": "true"}`)
	q.access.Policy = authz.NewPolicies(compile(t, policy.Bucket, `{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/${aws:currenttime}"}}`))
	if _, ok := key(q.caller, q.request, q.access); ok {
		t.Error("a variable in a resource has a key")
	}
}

// TestAppendKey_library checks policies whose documents a library attached
// before, in another order.
func TestAppendKey_library(t *testing.T) {
	t.Parallel()
	first := compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:Referer": "x"}}}}`)
	second := compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:UserAgent": "x"}}}}`)
	var library authz.Library
	seen := map[string]bool{}
	for _, documents := range [][]*authz.Document{{first, second}, {second, first}, {first}, {second}} {
		q := question{alice(library.Policies(documents...)), &authz.Request{}, object()}
		for _, set := range []string{"", "aws:referer", "aws:useragent"} {
			q.request.Keys.Set(set, "x")
			seen[q.key(t)] = true
		}
	}
	if want := 3 + 3 + 2 + 2; len(seen) != want {
		t.Errorf("%d keys, want %d", len(seen), want)
	}
}

// TestAppendKey_levels checks that more levels than AWS has are no error.
func TestAppendKey_levels(t *testing.T) {
	t.Parallel()
	q := conditioned(t, `"Null": {"aws:SourceIp": "true"}`)
	q.caller.SCP = make([]*authz.Policies, 19)
	q.key(t)
	q.access.RCP = make([]*authz.Policies, 1)
	if _, ok := key(q.caller, q.request, q.access); ok {
		t.Error("twenty levels have a key")
	}
}

// TestAppendKey_manyActions asks for more actions than are remembered.
func TestAppendKey_manyActions(t *testing.T) {
	t.Parallel()
	q := conditioned(t, `"StringEquals": {"aws:UserAgent": "x"}`)
	q.caller.Identity = authz.NewPolicies(compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "Condition": {"StringEquals": {"aws:UserAgent": "x"}}},
		{"Effect": "Allow", "Action": "s3:Put*", "Resource": "*", "Condition": {"StringEquals": {"aws:Referer": "x"}}}]}`))
	keys := map[string]bool{}
	ask := func(action string) {
		q.access.Action = action
		q.request.Keys.Set("aws:useragent", "x")
		q.request.Keys.Set("aws:referer", "y")
		keys[q.key(t)] = true
		q.request.Keys.Set("aws:useragent", "z")
		keys[q.key(t)] = true
		q.request.Keys.Set("aws:useragent", "x")
		q.request.Keys.Set("aws:referer", "z")
		keys[q.key(t)] = true
	}
	const actions = 2500
	for i := range actions {
		for _, verb := range []string{"Get", "Put", "List"} {
			ask(fmt.Sprintf("s3:%s%d", verb, i))
		}
	}
	// A Get has two keys, as has a Put, and a List one.
	if want := 5 * actions; len(keys) != want {
		t.Errorf("%d keys, want %d", len(keys), want)
	}
}

// TestAppendKey_allocations checks that a key needs no memory but its own.
func TestAppendKey_allocations(t *testing.T) {
	c, r, a := ordinary(t)
	buffer := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() {
		if _, ok := authz.AppendKey(buffer, c, r, a); !ok {
			t.Error("no key")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzAppendKey checks what keys are for: two decisions with one key are one.
// The policies are the same for all decisions of a run; what requests say
// changes step by step.
func FuzzAppendKey(f *testing.F) {
	for _, seed := range randomSeeds(64) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) { compareKeys(t, &generator{data: data}) })
}

// compareKeys tells how many decisions had the key of an earlier one.
func compareKeys(t *testing.T, g *generator) (equal int) {
	t.Helper()
	c, r, a := g.question()
	decisions := map[string]authz.Decision{}
	for range 16 {
		if k, ok := key(c, r, a); ok {
			got := authz.Decide(c, r, a)
			if want, found := decisions[string(k)]; !found {
				decisions[string(k)] = got
			} else if equal++; got != want {
				t.Errorf("one key, two decisions: %+v and, for %+v %+v %+v, %+v\n%s", want, c, r, a, got, describe(c, r, a))
			}
		}
		g.step(c, r, a)
	}
	return equal
}

// step changes one thing that a request says.
func (g *generator) step(c *authz.Caller, r *authz.Request, a *authz.Access) {
	context := []*authz.Context{&r.Keys, &a.Keys, &c.Keys}[g.n(3)]
	key := strings.ToLower(g.one([][]string{keys, wideKeys}[g.n(2)]))
	switch g.n(14) {
	case 1:
		context.SetList(key, nil)
	case 2:
		context.SetList(key, []string{g.requestValue(key)})
	case 3:
		context.SetTag("aws:principaltag", "team", g.requestValue("aws:principaltag/team"))
	case 4:
		a.Resource = g.requestResource()
	case 5:
		a.Action = g.one(actions)
	case 6, 7:
		if !r.Now.IsZero() {
			r.Now = r.Now.Add(steps[g.n(len(steps))])
		}
	case 8:
		context.SetUnread(g.one(families))
	case 9:
		context.SetRead(g.one(families))
	default:
		context.Set(key, g.requestValue(key))
	}
}

// steps are steps of a clock, in both directions.
var steps = []time.Duration{time.Second, -time.Second, time.Millisecond, -500 * time.Millisecond, time.Minute, -time.Hour, 24 * time.Hour, -365 * 24 * time.Hour}

// TestAppendKey_differential is the fuzzer's test on many questions.
func TestAppendKey_differential(t *testing.T) {
	t.Parallel()
	n := 16_000
	if testing.Short() {
		n = 1_000
	}
	equal := 0
	for _, seed := range randomSeeds(n) {
		equal += compareKeys(t, &generator{data: seed})
		if t.Failed() {
			return
		}
	}
	if equal < n {
		t.Errorf("only %d decisions of %d runs have the key of an earlier one: nothing is proved", equal, n)
	}
}
