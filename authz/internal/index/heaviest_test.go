package index_test

import (
	"math/rand/v2"
	"testing"

	"github.com/sallyport-iam/sallyport/authz/internal/index"
)

// TestHeaviest weighs what is found by every action and resource that can be
// told apart. The most of them is what the index says, or less where one action
// leads to several trees of resources.
func TestHeaviest(t *testing.T) {
	t.Parallel()
	words := []string{"", "a", "b", "aa", "ab", "ba", "bb", "aab", "abb"}
	r := rand.New(rand.NewPCG(3, 4))
	word := func() string { return words[r.IntN(len(words))] }
	exact := 0
	for range 500 {
		var b index.Builder
		weights := make([]int, r.IntN(20))
		single := r.IntN(2) == 0 // one tree of resources
		for i := range weights {
			weights[i] = 1 + r.IntN(9)
			action := index.Key{Prefix: word(), Exact: r.IntN(2) == 0}
			if single {
				action = index.Any
			}
			b.Add(action, index.Key{Prefix: word(), Exact: r.IntN(2) == 0}, index.Entry{Statement: int32(i)})
		}
		x := b.Build()
		weight := func(e index.Entry) int { return weights[e.Statement] }
		most := 0
		// Beyond each word is another text that only its prefixes lead to.
		for _, action := range append(words, "aax", "ax", "bx", "abx", "bax", "bbx", "aabx", "abbx", "x") {
			for _, resource := range append(words, "aax", "ax", "bx", "abx", "bax", "bbx", "aabx", "abbx", "x") {
				sum := 0
				c := x.Find([]byte(action), resource)
				for entries := c.Next(); len(entries) > 0; entries = c.Next() {
					for _, e := range entries {
						sum += weight(e)
					}
				}
				most = max(most, sum)
			}
		}
		got := x.Heaviest(weight)
		if got < most || single && got != most {
			t.Fatalf("the heaviest is %d, want %d", got, most)
		}
		if got == most {
			exact++
		}
	}
	if exact < 300 {
		t.Errorf("%d of 500 are exact", exact)
	}
}
