//go:build poison

package extauthz

import (
	"github.com/sallyport-iam/sallyport/proxy/extauthz/checkpb"
	"github.com/sallyport-iam/sallyport/wire"
)

// poison fills a check that was given back, and the arrays that it keeps, with what
// nobody sends: what still refers to it shows in tests that are built with the tag
// poison.
func (c *check) poison() {
	const poison = "poisoned: the check was given back"
	for _, kept := range []wire.Fields{c.asked.Raw, c.asked.Merged, c.asked.Extensions, c.decided.Fields} {
		fill(kept[:cap(kept)], wire.Field{Name: poison, Value: poison})
	}
	for _, kept := range [][]checkpb.Header{c.response.Headers, c.response.Answer} {
		fill(kept[:cap(kept)], checkpb.Header{Name: poison, Value: poison})
	}
	fill(c.response.Remove[:cap(c.response.Remove)], poison)
	fill(c.response.Metadata[:cap(c.response.Metadata)], checkpb.Pair{Name: poison, Value: poison})
	c.question, c.id = poison, poison
	c.asked.Method, c.asked.Path, c.asked.Host, c.asked.Principal = poison, poison, poison, poison
	c.response.Message, c.response.Body = poison, poison
}

func fill[T any](kept []T, with T) {
	for i := range kept {
		kept[i] = with
	}
}

// cleanse makes what is poisoned as new.
func (c *check) cleanse() { c.clear() }
