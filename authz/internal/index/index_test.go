package index_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz/internal/index"
)

// matches tells whether a key leads to a text.
func matches(k index.Key, text string) bool {
	return k.Exact && text == k.Prefix || !k.Exact && strings.HasPrefix(text, k.Prefix)
}

// TestIndex finds what looking at every entry finds, for every access.
func TestIndex(t *testing.T) {
	t.Parallel()
	var words []string
	for _, a := range []string{"", "a", "b", "ab", "ba", "\xff", "aa"} {
		for _, b := range []string{"", "a", "bb", "\xff\x00", "abab"} {
			words = append(words, a+b)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string { return words[r.IntN(len(words))] }
	for range 300 {
		type pair struct{ action, resource index.Key }
		var pairs []pair
		var b index.Builder
		for i := range r.IntN(40) {
			p := pair{index.Key{Prefix: word(), Exact: r.IntN(2) == 0}, index.Key{Prefix: word(), Exact: r.IntN(2) == 0}}
			pairs = append(pairs, p)
			b.Add(p.action, p.resource, index.Entry{Statement: int32(i)})
		}
		x := b.Build()
		if x.Len() != len(pairs) {
			t.Fatalf("%d entries, want %d", x.Len(), len(pairs))
		}
		for range 30 {
			action, resource := word(), word()
			var want, got []int32
			for i, p := range pairs {
				if matches(p.action, action) && matches(p.resource, resource) {
					want = append(want, int32(i))
				}
			}
			c := x.Find([]byte(action), resource)
			for entries := c.Next(); len(entries) > 0; entries = c.Next() {
				if !slices.IsSortedFunc(entries, func(a, b index.Entry) int { return int(a.Statement - b.Statement) }) {
					t.Errorf("entries out of order: %v", entries)
				}
				for _, e := range entries {
					got = append(got, e.Statement)
				}
			}
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Fatalf("%q on %q among %v: found %v, want %v", action, resource, pairs, got, want)
			}
			if rest := c.Next(); len(rest) > 0 {
				t.Errorf("entries behind the end: %v", rest)
			}
		}
	}
}

// TestIndex_chain nests prefixes as deep as a hostile document can.
func TestIndex_chain(t *testing.T) {
	t.Parallel()
	const most = 2_000
	var b index.Builder
	for i := range most {
		key := index.Key{Prefix: strings.Repeat("a", i)}
		b.Add(key, key, index.Entry{Statement: int32(i)})
	}
	x := b.Build()
	found := 0
	c := x.Find([]byte(strings.Repeat("a", most)), strings.Repeat("a", most/2))
	for entries := c.Next(); len(entries) > 0; entries = c.Next() {
		found += len(entries)
	}
	if found != most/2+1 {
		t.Errorf("%d entries, want %d", found, most/2+1)
	}
}

func TestAction(t *testing.T) {
	t.Parallel()
	var a index.Action
	for _, action := range []string{"s3:GetObject", "", "svc:" + strings.Repeat("LONG", 30), "S3:É"} {
		a.Set(action)
		want := strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				return r + 'a' - 'A'
			}
			return r
		}, action)
		if got := string(a.Lower()); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
