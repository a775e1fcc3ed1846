package s3

import (
	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/wire"
)

// fromSource adds the accesses to the object that a copy reads, or that a rename
// reads and takes away.
func (m *Mapper) fromSource(b *mapping, place *action.Place) *wire.Refusal {
	r := b.view.request
	account, refusal := ownerOf(place, r.source.bucket, r.header(hSourceExpectedBucketOwner))
	if refusal != nil {
		return refusal
	}
	from := resourceOf(place.Partition, r.source.bucket, r.source.key, account)
	read, tags, annotations := getObject, getObjectTagging, getAnnotation
	if r.source.version != "" {
		read, tags, annotations = getObjectVersion, getObjectVersionTagging, getVersionAnnotation
	}
	takesTags := r.row.whole() && r.header(hTaggingDirective) != "REPLACE"
	takesAnnotations := r.row.whole() && m.strictCopyAnnotations && r.header(hAnnotationDirective) != "EXCLUDE"
	if takesTags && m.copyTags == CopyTagsChecked {
		b.add(putObjectTagging, &b.addressed)
	}
	if takesAnnotations {
		b.add(putObjectAnnotation, &b.addressed)
	}
	b.view.version, b.view.hasIfMatch = r.source.version, false
	b.add(read, &from)
	if r.row.traits&renames != 0 {
		b.add(deleteObject, &from)
	}
	if takesTags && m.copyTags == CopyTagsChecked {
		b.add(tags, &from)
	}
	if takesAnnotations {
		b.add(annotations, &from)
	}
	if takesTags && m.copyTags == CopyTagsExact {
		b.tagsFollow(&from, tags)
	}
	b.disclose(from.bucketOf())
	return nil
}

// tagsFollow adds the accesses that are demanded if the source has tags. They are
// those that the request gives the target, and nobody has read them yet. Whether
// the caller may read them is decided before what depends on them.
func (b *mapping) tagsFollow(from *resource, read *compiledAction) {
	version := b.view.version
	b.tagsOf = &action.Object{Bucket: from.bucket, Key: from.key, Version: version}
	b.accesses[0].Keys.SetUnread(action.RequestTags) // writing the target
	b.add(read, from)
	b.view.version = ""
	b.add(putObjectTagging, &b.addressed)
	b.accesses[len(b.accesses)-1].Keys.SetUnread(action.RequestTags)
	b.view.version = version
}
