package s3

import (
	"slices"
	"sort"
	"strings"

	"github.com/sallyport-iam/sallyport/action"
)

// Names of groups of operations in Options.Operations.
const (
	// CoreOperations are those that S3-compatible stores have had for long, or
	// refuse by name.
	CoreOperations = "core"
	// AllOperations is everything that the table serves: what Amazon S3 has.
	AllOperations = "all"
)

// core are the operations that versitygw, MinIO, Ceph RGW and SeaweedFS all
// answer, or refuse, as what they are. It matters because a store that does not
// know a sub-resource overlooks it and does what is left of the request: a GET
// of a sub-resource returns the object or the listing, a PUT overwrites the
// object or makes the bucket, a DELETE deletes it. One store that does so keeps
// an operation out of this list.
var core = []string{
	"ListBuckets",

	"CreateBucket", "DeleteBucket", "HeadBucket",
	"ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads", "DeleteObjects",
	"GetBucketLocation",
	"GetBucketAcl", "PutBucketAcl",
	"GetBucketCors",
	"GetBucketEncryption", "PutBucketEncryption", "DeleteBucketEncryption",
	"GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle",
	"GetBucketLogging",
	"GetBucketNotificationConfiguration",
	"GetObjectLockConfiguration", "PutObjectLockConfiguration",
	"GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy",
	"GetBucketTagging", "PutBucketTagging", "DeleteBucketTagging",
	"GetBucketVersioning", "PutBucketVersioning",
	"GetBucketWebsite",

	"GetObject", "HeadObject", "PutObject", "CopyObject", "DeleteObject",
	"PostObject",          // reaches the store as PutObject
	"GetObjectAttributes", // also demands s3:GetObject
	"RestoreObject",       // POST to an object is nothing else
	"CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload", "ListParts",
	"GetObjectAcl", "PutObjectAcl",
	"GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging",
	"GetObjectLegalHold", "PutObjectLegalHold",
	"GetObjectRetention", "PutObjectRetention",
}

// serves tells whether an operation is served.
func (m *Mapper) serves(operation string) bool {
	for i := range table {
		if table[i].operation == operation && m.served[i] {
			return true
		}
	}
	return false
}

// served is the set of the rows that operations name, by their place in the
// table.
func served(operations []string) []bool {
	if operations == nil {
		operations = []string{CoreOperations}
	}
	named := setOf(operations)
	if named[CoreOperations] {
		for _, name := range core {
			named[name] = true
		}
	}
	for i := range table {
		// An older name is that of the row that serves it.
		if r := &table[i]; r.traits&twin != 0 && named[r.operation] {
			for _, c := range rowIndex[r.level][r.selector][methodIndex(r.method)] {
				named[c.operation] = true
			}
		}
	}
	rows := make([]bool, len(table))
	for i := range table {
		r := &table[i]
		rows[i] = r.refused == "" && r.traits&twin == 0 && (named[AllOperations] || named[r.operation] || r.traits&enforced != 0)
	}
	return rows
}

// reached are the actions that the rows served can make, by name in lower case,
// each as all these rows have it.
func (m *Mapper) reached() map[string][]*compiledAction {
	reached := map[string][]*compiledAction{}
	for _, c := range compiled {
		if !m.served[c.number] {
			continue
		}
		for _, a := range c.yields(m) {
			name := strings.ToLower(a.name)
			if !slices.Contains(reached[name], a) {
				reached[name] = append(reached[name], a)
			}
		}
	}
	return reached
}

// Actions are the actions that the Mapper can produce, sorted.
func (m *Mapper) Actions() []string {
	names := make([]string, 0, len(m.actions))
	for _, as := range m.actions {
		names = append(names, as[0].name)
	}
	sort.Strings(names)
	return names
}

// Fills tells whether a request that the Mapper serves can have a condition key
// for an action of it: filled here, read because a decision Needs it, or, for
// the keys that every action of S3 has, filled by the enforcement point. Both
// names compare without case. Global keys of the caller and of the connection
// are not S3's and not told here.
func (m *Mapper) Fills(act, key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc(m.actions[strings.ToLower(act)], func(a *compiledAction) bool { return a.fills(m, key) })
}

// fills tells whether the action can have a key, which is in lower case.
func (a *compiledAction) fills(m *Mapper, key string) bool {
	if slices.Contains(keysOfAll, key) {
		return a != passRole || key != "s3:resourceaccount"
	}
	for _, k := range a.keys {
		if isKey(key, k.name) {
			return true
		}
	}
	return m.objectTags && a.objectTags && isKey(key, action.ObjectTags)
}

// isKey tells whether a key is the one of a name, or of the family of a name
// that ends in a slash.
func isKey(key, name string) bool {
	if strings.HasSuffix(name, "/") {
		return len(key) > len(name) && strings.HasPrefix(key, name)
	}
	return key == name
}
