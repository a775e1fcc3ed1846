package s3

import (
	"sort"

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
	// StrictCopyTags demands, for copies that take the source's tags along,
	// s3:GetObjectTagging on the source and s3:PutObjectTagging on the
	// target. Amazon S3 demands it only if the source has tags, which is not
	// known here.
	StrictCopyTags bool
	// StrictCopyAnnotations is the same for annotations.
	StrictCopyAnnotations bool
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

// DefaultReservedBuckets are the path prefixes of the administrative and Swift
// interfaces of MinIO and Ceph.
var DefaultReservedBuckets = []string{"admin", "minio", "swift"}

// DefaultPrivateFolders are the folders in which versitygw, MinIO, RustFS and
// SeaweedFS keep parts of uploads and other files of their own.
var DefaultPrivateFolders = []string{".sgwtmp", ".minio.sys", ".rustfs.sys", ".uploads"}

// Mapper maps requests of the Amazon S3 protocol. It is safe for concurrent
// use.
type Mapper struct {
	strictKeys            bool
	strictCopyTags        bool
	strictCopyAnnotations bool
	maxObject             int64
	private               []string
	reserved, ignored     map[string]bool
	served                []bool // by row of the table
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
	return &Mapper{
		strictKeys:            o.StrictKeys,
		strictCopyTags:        o.StrictCopyTags,
		strictCopyAnnotations: o.StrictCopyAnnotations,
		maxObject:             o.MaxObjectBytes,
		private:               o.PrivateFolders,
		reserved:              setOf(o.ReservedBuckets),
		ignored:               setOf(o.Ignored),
		served:                served(o.Operations),
	}
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// Actions are all actions that a Mapper of any options can produce, sorted.
func Actions() []string {
	names := make([]string, 0, len(actionsByName))
	for name := range actionsByName {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// OperationInfo describes one operation of the S3 service model.
type OperationInfo struct {
	// Name is AWS's name of the operation.
	Name string
	// Method and Level ("service", "bucket", "object") are what it is sent
	// with and to.
	Method, Level string
	// Selector is the sub-resource, With are further parameters that must be
	// there.
	Selector string
	With     []string
	// Actions are all required; Version takes their place with versionId.
	Actions, Version []string
	// Refused says why the operation is not served; empty if it is.
	Refused string
	// Core tells that it is of CoreOperations.
	Core bool
}

// Operations are all operations of the S3 service model, and PostObject, in
// the order of the table.
func Operations() []OperationInfo {
	out := make([]OperationInfo, 0, len(table))
	inCore := setOf(core)
	for _, r := range table {
		info := OperationInfo{
			Name: r.operation, Method: r.method, Level: r.level.String(), Selector: params[r.selector].name,
			Actions: append([]string(nil), r.actions...), Version: append([]string(nil), r.version...), Refused: r.refused,
			Core: inCore[r.operation],
		}
		for _, p := range r.with {
			info.With = append(info.With, params[p].name)
		}
		out = append(out, info)
	}
	return out
}
