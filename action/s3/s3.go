package s3

import (
	"github.com/sallyport-iam/sallyport/action"
)

// Options of a Mapper. The zero value is safe.
type Options struct {
	// StrictKeys refuses keys that a store on a file system may change or
	// fold together: empty, "." and ".." segments, segments that end in a dot
	// or a space, backslashes, control characters; and keys and prefixes of
	// listings in the store's own folders.
	StrictKeys bool
	// PrivateFolders are, with StrictKeys, the first segments of keys below
	// which stores keep their own files; they compare without case. nil means
	// DefaultPrivateFolders.
	PrivateFolders []string
	// CopyTags is what copies that take the source's tags along demand for them.
	CopyTags CopyTags
	// StrictCopyAnnotations demands, for copies that take the source's
	// annotations along, s3:GetObjectAnnotation on the source and
	// s3:PutObjectAnnotation on the target. Amazon S3 demands it only if the
	// source has annotations, which is not known here. Where GetObjectAnnotation
	// is not among the Operations there are none, and it demands nothing.
	StrictCopyAnnotations bool
	// ForwardACLs lets requests pass that give others than the owners of object
	// and bucket access by an ACL: canned ACLs but private and
	// bucket-owner-full-control, grants, ACLs in a body. Without it they are
	// refused, as by a bucket whose owner is enforced: what the store lets
	// in by its ACLs, no policy decides.
	ForwardACLs bool
	// ObjectTags says that who enforces reads the tags of objects when a decision
	// Needs them, for conditions on s3:ExistingObjectTag/…: accesses then name
	// action.ObjectTags as unread, and Mapped.Objects what to read. Without it,
	// or where GetObjectTagging is not among the Operations, those keys are absent.
	ObjectTags bool
	// MaxObjectBytes bounds the body of PutObject and UploadPart; 0 means
	// Amazon S3's 5 GiB.
	MaxObjectBytes int64
	// ReservedBuckets are names that the store uses for other interfaces than
	// S3 and which are therefore no buckets; nil means DefaultReservedBuckets.
	ReservedBuckets []string
	// Ignored are query parameters (with case) and x-amz-* headers (in lower
	// case) that pass although they are not known here. Name only what the
	// store ignores too.
	Ignored []string
	// Operations are the operations that the store is said to have, by AWS's
	// names, and of the groups CoreOperations and AllOperations; nil means
	// CoreOperations. All others are refused: a store that overlooks a
	// sub-resource that it does not know would do another operation than the
	// one decided. Name only what the store answers as that operation, or
	// refuses. A name that is not one adds nothing.
	Operations []string
}

// CopyTags is what a copy that takes its source's tags along must be allowed to
// do with them: s3:GetObjectTagging on the source and s3:PutObjectTagging on the
// target, or nothing.
type CopyTags uint8

const (
	// CopyTagsUnchecked demands nothing.
	CopyTagsUnchecked CopyTags = iota
	// CopyTagsChecked demands both, of sources without tags too.
	CopyTagsChecked
	// CopyTagsExact demands both if the source has tags, as Amazon S3 does, and
	// has them as s3:RequestObjectTag/… of the target: who enforces reads them,
	// as Mapped.TagsOf says. It takes ObjectTags. A store that is said not to
	// have GetObjectTagging has no tags, and nothing is demanded.
	CopyTagsExact
)

// DefaultReservedBuckets are the path prefixes of the administrative and Swift
// interfaces of MinIO, RustFS and Ceph.
var DefaultReservedBuckets = []string{"admin", "minio", "rustfs", "swift"}

// DefaultPrivateFolders are the folders in which versitygw, MinIO, RustFS and
// SeaweedFS keep parts of uploads and other files of their own.
var DefaultPrivateFolders = []string{".sgwtmp", ".minio.sys", ".rustfs.sys", ".uploads"}

// Mapper maps requests of the Amazon S3 protocol. It is safe for concurrent
// use.
type Mapper struct {
	strictKeys            bool
	copyTags              CopyTags
	strictCopyAnnotations bool
	forwardACLs           bool
	objectTags            bool
	maxObject             int64
	private               []string
	reserved, ignored     map[string]bool
	served                []bool // by row of the table
	actions               map[string][]*compiledAction
}

var _ action.Mapper = (*Mapper)(nil)

// New makes a Mapper.
func New(o Options) *Mapper {
	if o.MaxObjectBytes == 0 {
		o.MaxObjectBytes = 5 << 30
	}
	if o.ReservedBuckets == nil {
		o.ReservedBuckets = DefaultReservedBuckets
	}
	if o.PrivateFolders == nil {
		o.PrivateFolders = DefaultPrivateFolders
	}
	m := &Mapper{
		strictKeys:            o.StrictKeys,
		copyTags:              o.CopyTags,
		strictCopyAnnotations: o.StrictCopyAnnotations,
		forwardACLs:           o.ForwardACLs,
		maxObject:             o.MaxObjectBytes,
		private:               o.PrivateFolders,
		reserved:              setOf(o.ReservedBuckets),
		ignored:               setOf(o.Ignored),
		served:                served(o.Operations),
	}
	// A store that does not have the operation would answer with the object.
	kept := m.serves("GetObjectTagging")
	m.objectTags = o.ObjectTags && kept
	m.strictCopyAnnotations = m.strictCopyAnnotations && m.serves("GetObjectAnnotation")
	if m.copyTags == CopyTagsExact && !m.objectTags {
		m.copyTags = CopyTagsUnchecked
		if kept { // and nobody reads them
			m.copyTags = CopyTagsChecked
		}
	}
	m.actions = m.reached()
	return m
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}
