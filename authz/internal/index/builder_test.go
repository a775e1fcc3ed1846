package index_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz/internal/index"
)

// TestBuilder_labels keeps an index small of which every action leads to the same long
// prefix, split elsewhere for each.
func TestBuilder_labels(t *testing.T) {
	t.Parallel()
	const actions, length = 1_000, 100_000
	long := strings.Repeat("abc", length/3)
	var b index.Builder
	for range 2 { // a Builder can be used again
		for i := range actions {
			action := index.Key{Prefix: fmt.Sprintf("s:%d", i), Exact: true}
			b.Add(action, index.Key{Prefix: long}, index.Entry{Statement: int32(2 * i)})
			b.Add(action, index.Key{Prefix: long[:i] + "!"}, index.Entry{Statement: int32(2*i + 1)})
		}
		x := b.Build()
		if most := 12 * length; x.Bytes() > most {
			t.Errorf("it takes %d bytes, more than %d", x.Bytes(), most)
		}
		for i := range actions {
			for n, text := range []string{long + "x", long[:i] + "!x"} {
				c := x.Find(fmt.Appendf(nil, "s:%d", i), text)
				if got := c.Next(); len(got) != 1 || got[0].Statement != int32(2*i+n) {
					t.Fatalf("action %d, %d: %v", i, n, got)
				}
			}
			c := x.Find(fmt.Appendf(nil, "s:%d", i), long[:length/2]+"!")
			if got := c.Next(); len(got) > 0 {
				t.Fatalf("action %d: %v", i, got)
			}
		}
	}
}
