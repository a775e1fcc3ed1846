package authz_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/authz/reference"
)

// TestExplainAgrees explains every case, and finds the reason of the decision
// among the steps.
func TestExplainAgrees(t *testing.T) {
	t.Parallel()
	forEachRequest(t, func(t *testing.T, c *authz.Caller, r *authz.Request, a *authz.Access) {
		t.Helper()
		want := authz.Decide(c, r, a)
		trace := reference.Explain(c, r, a)
		if diff := cmp.Diff(want, trace.Decision); diff != "" {
			t.Errorf("-decided +explained:\n%s", diff)
		}
		var denied *reference.Step
		granted := false
		levels := map[int]bool{}
		for i := range trace.Steps {
			s := &trace.Steps[i]
			switch {
			case !s.Applies():
			case s.Effect == policy.Deny && denied == nil:
				denied = s
			case s.Effect == policy.Allow && s.Layer == want.Layer:
				levels[s.Level] = true
				granted = granted || want.Statement != nil && s.Statement == *want.Statement
			}
		}
		switch {
		case want.Effect == authz.ExplicitDeny:
			if denied == nil || denied.Layer != want.Layer || denied.Statement != *want.Statement {
				t.Errorf("the first deny of the trace is %+v, want %+v", denied, want)
			}
		case denied != nil:
			t.Errorf("the trace has the deny %+v, and the decision is %+v", denied, want)
		case want.Effect == authz.Allow && want.Statement != nil && !granted:
			t.Errorf("the trace has no allow by %+v", want)
		case want.Effect == authz.ImplicitDeny:
			asked := 1
			switch want.Layer {
			case authz.LayerSCP:
				asked = len(c.SCP)
			case authz.LayerResource, authz.LayerTrust:
				return // it may name the caller in a way that is not enough
			}
			if len(levels) == asked {
				t.Errorf("every level of the layer %s allows, and the decision is %+v", want.Layer, want)
			}
		}
	})
}

// forEachRequest calls f with the requests of all cases.
func forEachRequest(t *testing.T, f func(*testing.T, *authz.Caller, *authz.Request, *authz.Access)) {
	t.Helper()
	var callers map[string]caseCaller
	readJSON(t, "testdata/callers.json", &callers)
	for _, file := range caseFiles(t) {
		var cases []ruleCase
		readJSON(t, file, &cases)
		for _, tt := range cases {
			t.Run(tt.ID, func(t *testing.T) {
				t.Parallel()
				for i := range tt.Requests {
					c, r, a := tt.access(t, callers, &tt.Requests[i])
					f(t, c, r, a)
				}
			})
		}
	}
}

// caseFiles are the files of cases.
func caseFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	return files
}
