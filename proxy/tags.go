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

// objectTags are the tags of an object that the request at hand has read, or why
// it could not.
type objectTags struct {
	object action.Object
	tags   []upstream.Tag
	// kept tells that the upstream keeps tags at all.
	kept    bool
	refusal *wire.Refusal
}

// maxTagReads bounds the objects whose tags are read for one request: for each,
// the upstream is asked. A copy reads those of two; only a
// DeleteObjects that depends on what it deletes may want more.
const maxTagReads = 64

// decideAccess decides one access. Where the decision depends on what only the
// upstream knows, it is asked, and then decided again. A decision that cannot be
// made for want of it is a refusal that can be tried again, and Decision.Needs
// says for want of what. bySource tells that it depends on the tags that a copy
// takes along.
func (v *Verdict) decideAccess(ctx context.Context, i int) (d authz.Decision, bySource bool, r *wire.Refusal) {
	if i >= v.tagged() {
		// They were read, or could not be.
		if r := v.fillTags(ctx, i, action.RequestTags); r != nil {
			return authz.Decision{Needs: action.RequestTags}, false, r
		}
	}
	a := &v.mapped.Accesses[i]
	if d = v.ask(a); d.Needs == "" {
		return d, false, nil
	}
	bySource = d.Needs == action.RequestTags
	if r := v.fillTags(ctx, i, d.Needs); r != nil {
		return d, bySource, r
	}
	if d = v.ask(a); d.Needs != "" {
		return d, bySource, wire.Unavailable("the decision needs " + d.Needs + "… after the tags of the object were read")
	}
	return d, bySource, nil
}

// tagged is the first access that is demanded only if what is copied has tags.
func (v *Verdict) tagged() int { return len(v.mapped.Accesses) - v.mapped.IfTagged }

// fillTags reads the tags that are a family of condition keys of an access, and
// fills them.
func (v *Verdict) fillTags(ctx context.Context, i int, family string) *wire.Refusal {
	var object *action.Object
	switch {
	case family == action.ObjectTags && i < len(v.mapped.Objects):
		object = &v.mapped.Objects[i]
	case family == action.RequestTags:
		object = v.mapped.TagsOf
	}
	if object == nil || v.Route.Upstream == nil {
		return wire.Unavailable("the decision needs " + family + "…, which nothing here can read")
	}
	read := v.readTags(ctx, *object)
	keys := &v.mapped.Accesses[i].Keys
	switch {
	case read.refusal != nil:
		return read.refusal
	case family == action.ObjectTags && !read.kept:
		// A policy counts on tags, and who wrote it may know of some.
		return wire.Unavailable("the decision needs " + family + "…, and the upstream answers that it does not implement tags of objects")
	case family == action.RequestTags && len(read.tags) > 0:
		names := make([]string, len(read.tags))
		for j, t := range read.tags {
			names[j] = t.Key
		}
		keys.SetList(action.RequestTags+"keys", names)
	}
	namespace := strings.TrimSuffix(family, "/")
	for _, t := range read.tags {
		keys.SetTag(namespace, t.Key, t.Value)
	}
	keys.SetRead(family)
	return nil
}

// copiesTags tells whether the object whose tags a copy takes along has any. It
// may have, if it cannot be told.
func (v *Verdict) copiesTags(ctx context.Context) bool {
	if v.mapped.TagsOf == nil || v.Route.Upstream == nil {
		return true
	}
	read := v.readTags(ctx, *v.mapped.TagsOf)
	return read.refusal != nil || len(read.tags) > 0
}

// readTags asks the upstream for the tags of an object, once in a request. Those
// that a copy takes along are never remembered ones: who may write the source's
// tags could copy it once without them, give it some, and copy it with them.
func (v *Verdict) readTags(ctx context.Context, object action.Object) *objectTags {
	for i := range v.tags {
		if v.tags[i].object == object {
			return &v.tags[i]
		}
	}
	if len(v.tags) == maxTagReads {
		return &objectTags{refusal: wire.Unavailable(fmt.Sprintf("the decisions depend on the tags of more than %d objects", maxTagReads))}
	}
	read := objectTags{object: object}
	ask := v.Route.Upstream.ObjectTags
	if v.mapped.TagsOf != nil && object == *v.mapped.TagsOf {
		ask = v.Route.Upstream.CurrentObjectTags
	}
	read.tags, read.kept, read.refusal = ask(ctx, upstream.Object(object), v.now, v.id)
	v.tags = append(v.tags, read)
	return &v.tags[len(v.tags)-1]
}
