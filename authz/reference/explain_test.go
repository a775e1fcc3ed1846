package reference_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/authz/reference"
)

const alice = "arn:aws:iam::111122223333:user/alice"

// policies makes a layer of one document that holds a statement.
func policies(t *testing.T, kind policy.Kind, statement string) *authz.Policies {
	t.Helper()
	doc, findings := policy.Parse(kind, "test", []byte(`{"Version": "2012-10-17", "Statement": [`+statement+`]}`))
	if doc == nil {
		t.Fatalf("%s is rejected: %v", statement, findings)
	}
	doc.Name = "p"
	return authz.NewPolicies(authz.Compile(doc))
}

func TestExplainFailures(t *testing.T) {
	t.Parallel()
	const allow = `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"`
	tests := []struct {
		name      string
		kind      policy.Kind
		statement string
		keys      map[string]string
		want      []reference.Failure
	}{
		{"applies", policy.Identity, allow + `}`, nil, nil},
		{
			"several elements", policy.Identity,
			`{"Effect": "Allow", "Action": ["s3:Put*", "s3:List*"], "Resource": "arn:aws:s3:::other/*"}`, nil,
			[]reference.Failure{
				{Reason: reference.NoMatch, Element: "Action", Wanted: []string{"s3:Put*", "s3:List*"}, Seen: []string{"s3:GetObject"}},
				{Reason: reference.NoMatch, Element: "Resource", Wanted: []string{"arn:aws:s3:::other/*"}, Seen: []string{"arn:aws:s3:::bkt/k"}},
			},
		},
		{
			"negated elements", policy.Identity,
			`{"Effect": "Deny", "NotAction": "s3:Get*", "NotResource": "arn:aws:s3:::bkt/*"}`, nil,
			[]reference.Failure{
				{Reason: reference.NoMatch, Element: "NotAction", Wanted: []string{"s3:Get*"}, Seen: []string{"s3:GetObject"}},
				{Reason: reference.NoMatch, Element: "NotResource", Wanted: []string{"arn:aws:s3:::bkt/*"}, Seen: []string{"arn:aws:s3:::bkt/k"}},
			},
		},
		{
			"principal", policy.Bucket,
			`{"Effect": "Allow", "Principal": {"AWS": "444455556666", "Service": "sns.amazonaws.com"}, "Action": "*", "Resource": "*"}`, nil,
			[]reference.Failure{{
				Reason: reference.NoMatch, Element: "Principal",
				Wanted: []string{"AWS:444455556666", "Service:sns.amazonaws.com"}, Seen: []string{alice, "111122223333"},
			}},
		},
		{
			"exempt principal", policy.Bucket,
			`{"Effect": "Deny", "NotPrincipal": {"AWS": ["111122223333", "` + alice + `"]}, "Action": "*", "Resource": "*"}`, nil,
			[]reference.Failure{{
				Reason: reference.NoMatch, Element: "NotPrincipal",
				Wanted: []string{"AWS:111122223333", "AWS:" + alice}, Seen: []string{alice, "111122223333"},
			}},
		},
		{
			"condition", policy.Identity,
			allow + `, "Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-west-2"]}}}`, map[string]string{"aws:requestedregion": "us-east-1"},
			[]reference.Failure{{
				Reason: reference.NoMatch, Element: "Condition", Operator: "StringEquals", Key: "aws:RequestedRegion",
				Wanted: []string{"eu-west-1", "eu-west-2"}, Seen: []string{"us-east-1"},
			}},
		},
		{
			"absent key", policy.Identity,
			allow + `, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}`, nil,
			[]reference.Failure{{
				Reason: reference.KeyAbsent, Element: "Condition", Operator: "Bool", Key: "aws:MultiFactorAuthPresent", Wanted: []string{"true"},
			}},
		},
		{
			"multivalued key without a set operator", policy.Identity,
			allow + `, "Condition": {"StringEquals": {"aws:TagKeys": "team"}}}`, map[string]string{"aws:tagkeys": "team"},
			[]reference.Failure{{
				Reason: reference.NeedsSetOperator, Element: "Condition", Operator: "StringEquals", Key: "aws:TagKeys",
				Wanted: []string{"team"}, Seen: []string{"team"},
			}},
		},
		{
			"variable without a value", policy.Identity,
			`{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::home/${aws:username}/*", "Condition": {"StringLike": {"s3:prefix": "${aws:userid}/*"}}}`,
			map[string]string{"s3:prefix": "x/"},
			[]reference.Failure{
				{
					Reason: reference.NoVariable, Element: "Resource", Variable: "aws:username",
					Wanted: []string{"arn:aws:s3:::home/${aws:username}/*"}, Seen: []string{"arn:aws:s3:::bkt/k"},
				},
				{
					Reason: reference.NoVariable, Element: "Condition", Operator: "StringLike", Key: "s3:prefix", Variable: "aws:userid",
					Wanted: []string{"${aws:userid}/*"}, Seen: []string{"x/"},
				},
			},
		},
		{
			"shared secret", policy.Identity,
			allow + `, "Condition": {"StringEquals": {"sts:ExternalId": "the-secret"}}}`, map[string]string{"sts:externalid": "a-guess"},
			[]reference.Failure{{
				Reason: reference.NoMatch, Element: "Condition", Operator: "StringEquals", Key: "sts:ExternalId",
				Wanted: []string{reference.Redacted}, Seen: []string{reference.Redacted},
			}},
		},
		{
			"presence of a shared secret", policy.Identity,
			allow + `, "Condition": {"Null": {"sts:ExternalId": "false"}}}`, nil,
			[]reference.Failure{{
				Reason: reference.KeyAbsent, Element: "Condition", Operator: "Null", Key: "sts:ExternalId", Wanted: []string{"false"},
			}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &authz.Caller{Type: authz.User, Account: "111122223333", ARN: alice}
			r := &authz.Request{}
			for key, value := range tt.keys {
				r.Keys.Set(key, value)
			}
			a := &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::bkt/k", Account: "111122223333"}
			if tt.kind == policy.Identity {
				c.Identity = policies(t, tt.kind, tt.statement)
			} else {
				a.Policy = policies(t, tt.kind, tt.statement)
			}
			steps := reference.Explain(c, r, a).Steps
			if len(steps) != 1 {
				t.Fatalf("%d steps, want 1: %+v", len(steps), steps)
			}
			if diff := cmp.Diff(tt.want, steps[0].Failures); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if applies := steps[0].Applies(); applies != (tt.want == nil) {
				t.Errorf("applies: %t", applies)
			}
			text, err := json.Marshal(steps)
			if err != nil || strings.Contains(string(text), "secret") || strings.Contains(string(text), "guess") {
				t.Errorf("the steps tell a secret: %s %v", text, err)
			}
		})
	}
}

func TestExplainAmbiguousTag(t *testing.T) {
	t.Parallel()
	c := &authz.Caller{Type: authz.User, Account: "111122223333", ARN: alice, Identity: policies(t, policy.Identity,
		`{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/team": "red"}}}`)}
	r := &authz.Request{}
	r.Keys.SetTag("aws:requesttag", "team", "red")
	r.Keys.SetTag("aws:requesttag", "Team", "blue")
	a := &authz.Access{Action: "s3:PutObject", Resource: "arn:aws:s3:::bkt/k", Account: "111122223333"}
	want := []reference.Failure{{
		Reason: reference.Ambiguous, Element: "Condition", Operator: "StringEquals", Key: "aws:RequestTag/team", Wanted: []string{"red"},
	}}
	if diff := cmp.Diff(want, reference.Explain(c, r, a).Steps[0].Failures); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestExplainLayers looks at the order of layers and levels, at how statements
// name the caller, and at layers that do not bind it.
func TestExplainLayers(t *testing.T) {
	t.Parallel()
	const (
		allow = `{"Effect": "Allow", "Action": "*", "Resource": "*"}`
		named = `{"Effect": "Allow", "Principal": {"AWS": %}, "Action": "*", "Resource": "*"}`
	)
	scp := policies(t, policy.SCP, allow)
	all := func(typ authz.PrincipalType) *authz.Caller {
		return &authz.Caller{
			Type: typ, Account: "111122223333", ARN: alice, ParentARN: "arn:aws:iam::111122223333:role/app",
			SCP:      []*authz.Policies{scp, scp},
			Identity: policies(t, policy.Identity, allow),
			Boundary: policies(t, policy.Boundary, allow),
			Session:  policies(t, policy.Session, allow),
		}
	}
	tests := []struct {
		name      string
		caller    *authz.Caller
		principal string
		kind      authz.ResourceKind
		want      string
	}{
		{
			"user", all(authz.User), `"` + alice + `"`, authz.Ordinary,
			"rcp/0 any, scp/0, scp/1, endpoint any, resource self, identity, boundary, session not_bound",
		},
		{
			"role session", all(authz.AssumedRole), `["111122223333", "arn:aws:iam::111122223333:role/app"]`, authz.Ordinary,
			"rcp/0 any, scp/0, scp/1, endpoint any, resource parent, identity, boundary, session",
		},
		{
			"root", all(authz.Root), `"111122223333"`, authz.KMSKey,
			"rcp/0 any, scp/0, scp/1, endpoint any, resource self, identity not_bound, boundary not_bound, session not_bound",
		},
		{
			"anonymous", all(authz.Anonymous), `"*"`, authz.Ordinary,
			"rcp/0 any, scp/0 not_bound, scp/1 not_bound, endpoint any, resource any, identity not_bound, boundary not_bound, session not_bound",
		},
		{
			"account", all(authz.FederatedUser), `"111122223333"`, authz.RoleTrust,
			"rcp/0 any, scp/0, scp/1, endpoint any, trust account, identity, boundary, session",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &authz.Request{Endpoint: policies(t, policy.Endpoint, strings.ReplaceAll(named, "%", `"*"`))}
			a := &authz.Access{
				Action: "s3:GetObject", Resource: "arn:aws:s3:::bkt/k", Account: "111122223333", Kind: tt.kind,
				Policy: policies(t, policy.Resource, strings.ReplaceAll(named, "%", tt.principal)),
				RCP:    []*authz.Policies{policies(t, policy.RCP, `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}`)},
			}
			var got []string
			for _, s := range reference.Explain(tt.caller, r, a).Steps {
				text := s.Layer.String()
				if s.Layer == authz.LayerSCP || s.Layer == authz.LayerRCP {
					text += "/" + string(rune('0'+s.Level))
				}
				if s.Naming != "" {
					text += " " + string(s.Naming)
				}
				for _, f := range s.Failures {
					text += " " + string(f.Reason)
				}
				if s.Statement.Policy != "p" || s.Statement.Line != 1 {
					t.Errorf("the place of the statement is %+v", s.Statement)
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestExplainNobody names who has no name by its type.
func TestExplainNobody(t *testing.T) {
	t.Parallel()
	a := &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::bkt/k", Account: "111122223333"}
	a.Policy = policies(t, policy.Bucket, `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "*"}`)
	trace := reference.Explain(&authz.Caller{}, &authz.Request{}, a)
	want := []reference.Failure{{
		Reason: reference.NoMatch, Element: "Principal", Wanted: []string{"AWS:111122223333"}, Seen: []string{"anonymous"},
	}}
	if len(trace.Steps) != 1 {
		t.Fatalf("%d steps, want 1", len(trace.Steps))
	}
	if diff := cmp.Diff(want, trace.Steps[0].Failures); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
