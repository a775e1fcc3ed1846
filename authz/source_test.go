package authz_test

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/authz/reference"
)

const released = `{"Version": "2012-10-17", "Id": "i", "Statement": [
	{"Sid": "A\u0062", "Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": ["s3:Get*", "s3:PutObject"], "Resource": "arn:aws:s3:::b/${aws:username}/*"},
	{"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111111111111:root"}, "NotAction": "s3:*", "NotResource": "arn:aws:s3:::b",
	 "Condition": {"NumericLessThan": {"s3:max-keys": [7, 8]}, "StringLike": {"aws:UserAgent": "*x"}}}]}`

// TestDocument_Release lets go of what was parsed, and parses the same again.
func TestDocument_Release(t *testing.T) {
	t.Parallel()
	d, findings := authz.Parse(policy.Resource, "b", "b.json", released)
	want, same := policy.Parse(policy.Resource, "b.json", []byte(released))
	if d == nil || !slices.Equal(findings, same) {
		t.Fatal(findings)
	}
	want.Name = "b"
	if !d.ReadsKeys() {
		t.Error("it reads no keys")
	}
	before := d.Source()
	d.Release()
	d.Release()
	after := d.Source()
	if after == before {
		t.Error("what was parsed is still there")
	}
	if d.Source() != after {
		t.Error("it is parsed again while somebody has it")
	}
	for _, doc := range []*policy.Document{before, after} {
		if diff := cmp.Diff(want, doc); diff != "" {
			t.Error(diff)
		}
	}
	runtime.KeepAlive(after)
}

// TestDocument_Release_explain explains the same before and after, whoever asks.
func TestDocument_Release_explain(t *testing.T) {
	t.Parallel()
	d, _ := authz.Parse(policy.Resource, "b", "b.json", released)
	c, r, a := ordinary(t)
	a.Policy = authz.NewPolicies(d)
	want := reference.Explain(c, r, a)
	d.Release()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if diff := cmp.Diff(want, reference.Explain(c, r, a)); diff != "" {
				t.Error(diff)
			}
			authz.AppendKey(nil, c, r, a)
			d.Release()
		})
	}
	wg.Wait()
}

// TestDocument_Release_made keeps what was given to Compile, which has no text.
func TestDocument_Release_made(t *testing.T) {
	t.Parallel()
	doc := &policy.Document{Statements: []policy.Statement{allow("s3:GetObject", "*")}}
	d := authz.Compile(doc)
	d.Release()
	if d.Source() != doc || d.ReadsKeys() {
		t.Error("another document")
	}
}

func TestParse_wrong(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", strings.Replace(released, "Deny", "Denied", 1)} {
		if d, findings := authz.Parse(policy.Resource, "b", "b.json", text); d != nil || !policy.HasErrors(findings) {
			t.Errorf("%s: read: %v", text, findings)
		}
	}
}
