package s3

import (
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

// family is a family of condition keys that are not in the request: tags that
// are stored.
type family struct {
	name    string // in lower case; ends in "/"
	actions []string
	// ofBucket: they are the bucket's, which all actions on an existing bucket
	// and its objects have.
	ofBucket bool
}

var families = []family{
	{name: "s3:existingobjecttag/", actions: acts("s3:GetObject", "s3:GetObjectVersion",
		"s3:GetObjectAcl", "s3:GetObjectVersionAcl", "s3:PutObjectAcl", "s3:PutObjectVersionAcl",
		"s3:GetObjectAttributes", "s3:GetObjectVersionAttributes",
		"s3:GetObjectTagging", "s3:GetObjectVersionTagging", "s3:PutObjectTagging", "s3:PutObjectVersionTagging",
		"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging",
		"s3:UpdateObjectEncryption")},
	{name: "s3:buckettag/", ofBucket: true},
	{name: "aws:resourcetag/", ofBucket: true},
}

// has tells whether an action has the keys of the family.
func (f *family) has(act string) bool {
	if !f.ofBucket {
		return slices.Contains(f.actions, act)
	}
	switch act {
	case "s3:ListAllMyBuckets", "s3:CreateBucket", "s3:TagResource", "iam:PassRole":
		return false // of no bucket, or of one that is not there yet
	}
	return true
}

// reads tells whether somebody reads the family.
func (m *Mapper) reads(f *family) bool {
	if f.ofBucket {
		return m.bucketTags
	}
	return m.objectTags
}

// tagReads is what the tags that somebody reads are tags of: see action.Mapped.
type tagReads struct {
	objects []action.Object  // by access
	one     [1]action.Object // room for most
	hidden  action.Object
}

// setUnread names the keys of an access that somebody must read.
func (m *Mapper) setUnread(keys *authz.Context, a *compiledAction) {
	for _, f := range a.unread {
		if m.reads(f) {
			keys.SetUnread(f.name)
		}
	}
}

// TagsRequest is the request, in path style, unsigned and without a host, by
// which a store tells the tags of an object, or of a bucket if the key is
// empty: GetObjectTagging or GetBucketTagging.
func TagsRequest(o action.Object) *wire.Request {
	req := &wire.Request{Method: get, Path: "/" + o.Bucket, RawQuery: "tagging", HasQuery: true}
	if o.Key != "" {
		req.Path += "/" + escapePath(o.Key)
		if o.Version != "" {
			req.RawQuery += "&versionId=" + o.Version
		}
	}
	req.Query, _ = wire.ParseQuery(req.RawQuery) // of nothing that could be refused
	return req
}

// SetTags reads the store's answer to TagsRequest, of at most
// action.ResponseLimit bytes, and gives an access the keys that follow: those
// of the object, or of the bucket if ofBucket is set. A nil answer is one of
// no tags, for objects and buckets that are missing and for buckets that have
// none. Two tags whose keys differ in case alone make keys that let nobody in.
// If the answer is not one, an error tells, and nothing is set.
func SetTags(keys *authz.Context, ofBucket bool, answer []byte) error {
	var c content
	if answer != nil {
		d := &document{src: string(answer), answer: true}
		readTagSet(d, &c)
		if err := d.end(); err != nil {
			return err
		}
	}
	for i := range families {
		f := &families[i]
		if f.ofBucket != ofBucket {
			continue
		}
		for _, t := range c.tags {
			keys.SetTag(strings.TrimSuffix(f.name, "/"), t.key, t.value)
		}
		keys.SetRead(f.name)
	}
	return nil
}
