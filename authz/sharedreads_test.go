package authz_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// TestLibrary_sharesReads tells of pairs of documents whether they keep in one place
// what they read.
func TestLibrary_sharesReads(t *testing.T) {
	t.Parallel()
	const first = `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}`
	tests := map[string]struct {
		one, other string
		want       bool
	}{
		"another resource, another value, another effect": {first, `{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b", "Condition": {"StringLike": {"aws:principaltag/TEAM": ["x", "*"]}}}`, true},
		"a statement more, which reads nothing":           {first, first + `, {"Effect": "Allow", "Action": "*", "Resource": "*"}`, true},
		"a statement more":                                {first, first + `, ` + first, false},
		"another action":                                  {first, `{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}`, false},
		"an action more":                                  {first, `{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}`, false},
		"NotAction":                                       {first, `{"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}`, false},
		"another key":                                     {first, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/group": "a"}}}`, false},
		"that the key is there, and not its value":        {first, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Null": {"aws:PrincipalTag/team": "true"}}}`, false},
		"a variable":                                      {first, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${aws:PrincipalTag/team}"}`, true},
		"another variable": {
			`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${aws:username}"}`,
			`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${aws:userid}"}`, false,
		},
		"the same age": {
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}}}`,
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": ["+03600.0"]}}}`, true,
		},
		"another age": {
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}}}`,
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600.5"}}}`, false,
		},
		"the same time": {
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-05-01T12:30:00Z"}}}`,
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-05-01T14:30:00+02:00"}}}`, true,
		},
		"another time": {
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-05-01T12:30:00Z"}}}`,
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-05-01T12:30:00.5Z"}}}`, false,
		},
		"another time of whole seconds": {
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-05-01T12:30:00Z"}}}`,
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2027-05-01T12:30:00Z"}}}`, false,
		},
		"an age below zero": {
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "36"}}}`,
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "-36"}}}`, false,
		},
		"an age with a point": {
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "36"}}}`,
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3.6"}}}`, false,
		},
		"two keys in one statement, and in two": {
			`{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Null": {"aws:PrincipalTag/a": "true", "aws:PrincipalTag/b": "true"}}}`,
			`{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Null": {"aws:PrincipalTag/a": "true"}}}, ` +
				`{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Null": {"aws:PrincipalTag/b": "true"}}}`, false,
		},
		"a number, and the same as a time": {
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericGreaterThan": {"aws:EpochTime": "1714566600"}}}`,
			`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateGreaterThan": {"aws:EpochTime": "1714566600"}}}`, false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var library authz.Library
			var attached []*authz.Policies
			for _, statements := range []string{test.one, test.other} {
				text := `{"Version": "2012-10-17", "Statement": [` + statements + `]}`
				doc, findings := policy.Parse(policy.Identity, "own.json", []byte(text))
				if doc == nil {
					t.Fatal(findings)
				}
				attached = append(attached, library.Policies(authz.Compile(doc)))
			}
			if got := attached[0].ReadsAs(attached[1]); got != test.want {
				t.Errorf("%t, want %t", got, test.want)
			}
		})
	}
}

// TestLibrary_reads compares what documents read that share it, over some loads of
// policies, with what they read alone.
func TestLibrary_reads(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 5))
	var library authz.Library
	shared := 0
	for range 6 {
		var documents []*authz.Document
		for range 100 {
			g := &generator{data: make([]byte, 120)}
			for k := range g.data {
				g.data[k] = byte(r.Uint32())
			}
			doc := g.document(policy.Identity)
			documents = append(documents, authz.Compile(doc), authz.Compile(doc))
		}
		var before *authz.Policies
		for range 600 {
			var attached []*authz.Document
			for range r.IntN(4) {
				attached = append(attached, documents[r.IntN(len(documents))])
			}
			together, alone := library.Policies(attached...), authz.Attach(attached...)
			for _, action := range actions {
				if got, want := together.Reads(action), alone.Reads(action); got != want {
					t.Fatalf("of %q\n%s, want\n%s", action, got, want)
				}
			}
			if before != nil && together.Reads("s3:GetObject") != "" && !slices.Equal(together.Documents(), before.Documents()) && together.ReadsAs(before) {
				shared++
			}
			before = together
		}
		library.Turn()
	}
	if shared == 0 {
		t.Error("nothing was shared")
	}
}

// TestLibrary_forgetsDocuments replaces large documents by small ones that read the
// same: nothing is left of the large ones.
func TestLibrary_forgetsDocuments(t *testing.T) { // alone: it measures the heap
	const documents, size, most = 20, 900 << 10, 4 << 20
	var library authz.Library
	load := func(padding string) {
		library.Turn()
		for i := range documents {
			text := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:Get*", "s3:Put%d*"], "Resource": "arn:aws:s3:::a/%s",`+
				` "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": %d}, "StringEquals": {"aws:PrincipalTag/t%d": "x"}}}]}`, i, padding, 3600+i, i)
			doc, findings := policy.Parse(policy.Resource, "p.json", []byte(strings.Replace(text, `"Action"`, `"Principal": "*", "Action"`, 1)))
			if doc == nil {
				t.Fatal(findings)
			}
			library.Policies(authz.Compile(doc)).Reads("s3:GetObject")
		}
	}
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	load(strings.Repeat("x", size))
	if grown := heap() - before; grown < documents*size/2 {
		t.Fatalf("large documents take %d bytes", grown)
	}
	for range 3 {
		load("")
	}
	if left := heap() - before; left > most {
		t.Errorf("%d bytes are left of documents that are no more, want at most %d", left, most)
	}
	runtime.KeepAlive(&library)
}
