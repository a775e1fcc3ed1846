package cache

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
)

// TestFront_heldByLibrary lets many ask while entries make room for others and
// all are forgotten now and then: what the front has in the end, the library has too,
// so that nothing is in memory that is not counted.
func TestFront_heldByLibrary(t *testing.T) {
	t.Parallel()
	k, err := New(Options{MaxBytes: MinBytes, MinGain: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	callers := make([]*authz.Caller, 32)
	for i := range callers {
		callers[i] = &authz.Caller{Type: authz.User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/u" + strconv.Itoa(i)}
		if i%2 == 0 {
			callers[i].Prepare()
		}
	}
	r := &authz.Request{Now: time.Unix(1_800_000_000, 0)}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 40_000 {
				c := callers[(i*7+g)%len(callers)]
				a := &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/" + strconv.Itoa(i/4%300), Account: "111122223333"}
				if g == 0 && i%10_000 == 5_000 {
					k.forget() // as another generation does
				}
				if d := k.Decide(1, c, r, a); d.Allowed() {
					t.Errorf("%s: %+v", c.ARN, d)
					return
				}
			}
		})
	}
	all.Wait()
	// Who was last may have asked for nothing often enough to be held.
	for i := range 4_000 {
		k.Decide(1, callers[0], r, &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/" + strconv.Itoa(i%4), Account: "111122223333"})
		if i%100 == 0 {
			k.Wait()
		}
	}
	k.Wait()
	held := 0
	for i := range k.front {
		e := k.front[i].entry.Load()
		if e == nil {
			continue
		}
		held++
		if other, found := k.entries.Get(e.hash); e.gone.Load() || !found || other != e {
			t.Errorf("the front has %q, gone %t, which the library has not", e.key, e.gone.Load())
			return
		}
	}
	if s := k.Stats(); held == 0 || s.Evictions+s.Rejections == 0 {
		t.Errorf("%d held, %+v: nothing is proved", held, s)
	}
}
