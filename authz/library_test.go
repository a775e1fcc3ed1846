package authz_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// TestLibrary attaches documents to many principals, and compares with the plain
// evaluator: small documents and large ones, few and many, the same and others,
// and more sets of them than are worth an index.
func TestLibrary(t *testing.T) {
	t.Parallel()
	documents := make([]*authz.Document, 40)
	for d := range documents {
		doc := &policy.Document{Name: fmt.Sprint(d), Version: policy.Version2012}
		for i := range 1 + d/2 {
			s := allow("s3:Get*", fmt.Sprintf("arn:aws:s3:::bucket-%d/%d/*", d, i))
			if s.Index = i; i%5 == 3 {
				s.Effect, s.NotActions, s.Actions = policy.Deny, value("s3:Put*"), nil
			}
			doc.Statements = append(doc.Statements, s)
		}
		documents[d] = authz.Compile(doc)
	}
	r := rand.New(rand.NewPCG(3, 4))
	var library authz.Library
	for range 80 {
		var attached []*authz.Document
		for _, d := range r.Perm(len(documents))[:r.IntN(16)] {
			attached = append(attached, documents[d])
		}
		first, second, alone := library.Policies(attached...), library.Policies(attached...), authz.Attach(attached...)
		for _, p := range []*authz.Policies{first, alone} {
			if got := len(p.Documents()); got != len(attached) {
				t.Fatalf("%d documents, want %d", got, len(attached))
			}
		}
		for range 3 {
			a := object()
			a.Resource = fmt.Sprintf("arn:aws:s3:::bucket-%d/%d/key", r.IntN(len(documents)), r.IntN(20))
			compareEvaluators(t, alice(first), &authz.Request{}, a)
			compareEvaluators(t, alice(second), &authz.Request{}, a)
			compareEvaluators(t, alice(alone), &authz.Request{}, a)
		}
		if t.Failed() {
			return
		}
	}
}

func TestPolicies_Unindexed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		statement string
		want      int
	}{
		{`"Action": "*", "Resource": "*"`, 1},
		{`"NotAction": "iam:*", "NotResource": "arn:aws:s3:::bkt"`, 1},
		{`"Action": ["s3:Get*", "*"], "Resource": ["arn:aws:s3:::bkt", "arn:*:s3:::bkt"]`, 1},
		{`"Action": "*", "Resource": "arn:aws:s3:::*"`, 0},
		{`"Action": "s3:*", "Resource": "*"`, 0},
		{`"NotAction": "*", "Resource": []`, 0},
	}
	for _, tt := range tests {
		d := compile(t, policy.Identity, `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", `+tt.statement+`}}`)
		if got := authz.NewPolicies(d, d).Unindexed(); got != 2*tt.want {
			t.Errorf("%s twice: %d, want %d", tt.statement, got, 2*tt.want)
		}
	}
	if n := (*authz.Policies)(nil).Unindexed(); n != 0 {
		t.Errorf("%d statements of no policies", n)
	}
}

// TestLibrary_Turn attaches sets of documents turn after turn, some of which change,
// and holds the library to one that attaches them for the first time: the same sets
// are the same, others are as they would be, and what has gone is forgotten.
func TestLibrary_Turn(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	version := 0
	document := func(n int) *authz.Document {
		doc := &policy.Document{Name: fmt.Sprint(n, version), Version: policy.Version2012}
		version++
		for i := range 1 + n {
			s := allow("s3:Get*", fmt.Sprintf("arn:aws:s3:::bucket-%d/%d/*", n, i))
			if s.Index = i; i%3 == 2 {
				s.Conditions = []policy.Condition{{Operator: policy.Operator{Test: policy.StringEquals}, Key: fmt.Sprintf("a:%d", n), Values: value("b")}}
			}
			doc.Statements = append(doc.Statements, s)
		}
		return authz.Compile(doc)
	}
	documents := make([]*authz.Document, 16)
	for n := range documents {
		documents[n] = document(n)
	}
	sets := make([][]int, 30)
	for i := range sets {
		sets[i] = r.Perm(len(documents))[:r.IntN(len(documents))]
	}
	var library authz.Library
	before, kept := make([]*authz.Policies, len(sets)), 0
	for turn := range 40 {
		changed := r.IntN(len(documents))
		if turn > 0 {
			documents[changed] = document(changed)
			i := r.IntN(len(sets))
			sets[i], before[i] = r.Perm(len(documents))[:r.IntN(len(documents))], nil
		}
		var fresh authz.Library
		for i, set := range sets {
			attached := make([]*authz.Document, len(set))
			for k, n := range set {
				attached[k] = documents[n]
			}
			got, want := library.Policies(attached...), fresh.Policies(attached...)
			same := got == before[i]
			if turn > 0 && same && slices.Contains(set, changed) {
				t.Fatalf("turn %d: the set %v is the same, with document %d changed", turn, set, changed)
			}
			if same {
				kept++
			}
			if before[i] = got; got.OwnBytes() != want.OwnBytes() || !slices.Equal(got.Documents(), want.Documents()) {
				t.Fatalf("turn %d: the set %v is not what it would be", turn, set)
			}
			a := object()
			a.Resource = fmt.Sprintf("arn:aws:s3:::bucket-%d/%d/key", r.IntN(len(documents)), r.IntN(20))
			compareEvaluators(t, alice(got), &authz.Request{}, a)
		}
		library.Turn()
		fresh.Turn()
		if got, want := library.Size(), fresh.Size(); got != want {
			t.Fatalf("turn %d: the library holds %d things, want %d", turn, got, want)
		}
	}
	if kept < 200 {
		t.Errorf("%d sets were kept", kept)
	}
	library.Turn()
	if library.Turn(); library.Size() != 0 {
		t.Errorf("the library holds %d things that nobody asked for", library.Size())
	}
}
