package extauthz

import (
	"testing"

	"github.com/sallyport-iam/sallyport/proxy/extauthz/checkpb"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestChange: whatever fields came and whatever go on, Envoy makes these of those.
func TestChange(t *testing.T) {
	t.Parallel()
	var all []wire.Fields
	var grow func(wire.Fields)
	grow = func(fields wire.Fields) {
		all = append(all, fields)
		if len(fields) == 3 {
			return
		}
		for _, f := range (wire.Fields{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}, {Name: "b", Value: "1"}, {Name: "b", Value: "2"}}) {
			grow(append(fields[:len(fields):len(fields)], f))
		}
	}
	grow(nil)
	for _, from := range all {
		for _, to := range all {
			var out checkpb.Response
			change(&out, &wire.Request{Path: "/", Fields: from}, &wire.Request{Path: "/", Fields: to})
			got := from.Clone()
			for _, h := range out.Headers {
				if h.Beside {
					got.Add(h.Name, h.Value)
				} else {
					got.Set(h.Name, h.Value)
				}
			}
			for _, name := range out.Remove {
				got.Del(name)
			}
			if !to.Same(got, "a") || !to.Same(got, "b") {
				t.Fatalf("%v become %v, not %v, by %v", from, got, to, out)
			}
			if from.Same(to, "a") && from.Same(to, "b") && len(out.Headers)+len(out.Remove) > 0 {
				t.Fatalf("%v stay, and %v is told", from, out)
			}
		}
	}
}
