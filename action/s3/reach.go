package s3

import "sort"

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
	"GetObjectAttributes", // also demands s3:GetObject
	"RestoreObject",       // POST to an object is nothing else
	"CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload", "ListParts",
	"GetObjectAcl", "PutObjectAcl",
	"GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging",
	"GetObjectLegalHold", "PutObjectLegalHold",
	"GetObjectRetention", "PutObjectRetention",
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
		rows[i] = r.refused == "" && r.traits&twin == 0 && (named[AllOperations] || named[r.operation])
	}
	return rows
}

// Actions are the actions that the Mapper can produce, sorted.
func (m *Mapper) Actions() []string {
	set := map[string]bool{}
	add := func(names []string) {
		for _, name := range names {
			set[name] = true
		}
	}
	for i := range table {
		r := &table[i]
		if !m.served[i] {
			continue
		}
		add(r.actions)
		add(r.version)
		for _, e := range effects {
			if r.effects&e.effect != 0 {
				add(e.actions)
				add(e.version)
			}
		}
		if r.reads == bodyCreateBucket {
			add(acts(tagResource.name))
		}
		if r.reads == bodyDelete {
			add(acts(getObject.name, getObjectVersion.name)) // preconditions
		}
		if r.traits&copies != 0 {
			add(acts(getObject.name, getObjectVersion.name))
		}
		if r.traits&copies != 0 && m.strictCopyTags {
			add(acts(putObjectTagging.name, getObjectTagging.name, getObjectVersionTagging.name))
		}
		if r.traits&copies != 0 && m.strictCopyAnnotations {
			add(acts(putObjectAnnotation.name, getAnnotation.name, getVersionAnnotation.name))
		}
		if r.traits&(hides|copies) != 0 || r.effects&effectIfMatch != 0 {
			add(acts(listBucket.name)) // to learn that something is missing
		}
	}
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
