package proxy

import (
	"context"
	"fmt"
	"strings"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// objectTags are the tags of an object that the request at hand has read.
type objectTags struct {
	object action.Object
	tags   []upstream.Tag
}

// maxTagReads bounds the objects whose tags are read for one request: for each,
// the upstream is asked. A copy reads those of two at most; only a
// DeleteObjects that depends on what it deletes may want more.
const maxTagReads = 64

// tagNamespace is what comes before the key of an object's tag.
var tagNamespace = strings.TrimSuffix(action.ObjectTags, "/")

// decideAccess decides one access. Where the decision depends on what only the
// upstream knows, it is asked, and then decided again. A decision that cannot be
// made for want of it is a refusal that can be tried again.
func (v *Verdict) decideAccess(ctx context.Context, i int) (authz.Decision, *wire.Refusal) {
	a := &v.mapped.Accesses[i]
	d := v.ask(a)
	if d.Needs == "" {
		return d, nil
	}
	if d.Needs != action.ObjectTags || i >= len(v.mapped.Objects) || v.Route.Upstream == nil {
		return d, wire.Unavailable("the decision needs " + d.Needs + "…, which nothing here can read")
	}
	tags, r := v.readTags(ctx, v.mapped.Objects[i])
	if r != nil {
		return d, r
	}
	for _, t := range tags {
		a.Keys.SetTag(tagNamespace, t.Key, t.Value)
	}
	a.Keys.SetRead(action.ObjectTags)
	if d = v.ask(a); d.Needs != "" {
		return d, wire.Unavailable("the decision needs " + d.Needs + "… after the tags of the object were read")
	}
	return d, nil
}

// readTags asks the upstream for the tags of an object, once in a request.
func (v *Verdict) readTags(ctx context.Context, object action.Object) ([]upstream.Tag, *wire.Refusal) {
	for i := range v.tags {
		if v.tags[i].object == object {
			return v.tags[i].tags, nil
		}
	}
	if len(v.tags) == maxTagReads {
		return nil, wire.Unavailable(fmt.Sprintf("the decisions depend on the tags of more than %d objects", maxTagReads))
	}
	tags, r := v.Route.Upstream.ObjectTags(ctx, upstream.Object(object), v.now, v.id)
	if r == nil {
		v.tags = append(v.tags, objectTags{object, tags})
	}
	return tags, r
}
