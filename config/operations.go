package config

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// The groups of operations that an upstream may be said to have.
const (
	OperationsCore = "core"
	OperationsAll  = "all"
)

// operations is a group of operations, or a list of groups and names.
type operations struct{ into *[]string }

func (o operations) describe() description {
	return description{kind: "`core`, `all`, or list: operation", fallback: OperationsCore}
}

func (o operations) absent(*decoder) { *o.into = []string{OperationsCore} }

func (o operations) decode(d *decoder, name string, node ast.Node) {
	if _, list := node.(*ast.SequenceNode); list {
		scalars[string]{into: o.into, element: operation}.decode(d, name, node)
		return
	}
	*o.into = make([]string, 1)
	operation(&(*o.into)[0]).decode(d, name, node)
}

// operation is a group, or AWS's name of an operation of Amazon S3.
func operation(into *string) value {
	return scalar[string]{into: into, kind: "operation of Amazon S3", example: "[core, GetBucketReplication]", parse: func(_ *decoder, text string) (string, *misfit) {
		if text == OperationsCore || text == OperationsAll || slices.Contains(Operations, text) {
			return text, nil
		}
		candidates := append([]string{OperationsCore, OperationsAll}, Operations...)
		lower := make([]string, len(candidates))
		for i, c := range candidates {
			lower[i] = strings.ToLower(c)
		}
		remedy := "write core, all, or names as the Amazon S3 API reference has them: [core, GetBucketReplication]"
		if near := nearest(text, lower); near != "" {
			remedy = "did you mean " + candidates[slices.Index(lower, near)] + "?"
		}
		return "", &misfit{remedy: remedy}
	}}
}

// Operations are the operations of Amazon S3 that can be served, by AWS's
// names.
var Operations = []string{
	"AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateBucket", "CreateMultipartUpload", "DeleteBucket",
	"DeleteBucketAnalyticsConfiguration", "DeleteBucketCors", "DeleteBucketEncryption", "DeleteBucketIntelligentTieringConfiguration",
	"DeleteBucketInventoryConfiguration", "DeleteBucketLifecycle", "DeleteBucketMetadataConfiguration", "DeleteBucketMetadataTableConfiguration",
	"DeleteBucketMetricsConfiguration", "DeleteBucketOwnershipControls", "DeleteBucketPolicy", "DeleteBucketReplication", "DeleteBucketTagging",
	"DeleteBucketWebsite", "DeleteObject", "DeleteObjectAnnotation", "DeleteObjectTagging", "DeleteObjects", "DeletePublicAccessBlock", "GetBucketAbac",
	"GetBucketAccelerateConfiguration", "GetBucketAcl", "GetBucketAnalyticsConfiguration", "GetBucketCors", "GetBucketEncryption",
	"GetBucketIntelligentTieringConfiguration", "GetBucketInventoryConfiguration", "GetBucketLifecycle", "GetBucketLifecycleConfiguration",
	"GetBucketLocation", "GetBucketLogging", "GetBucketMetadataConfiguration", "GetBucketMetadataTableConfiguration", "GetBucketMetricsConfiguration",
	"GetBucketNotification", "GetBucketNotificationConfiguration", "GetBucketOwnershipControls", "GetBucketPolicy", "GetBucketPolicyStatus",
	"GetBucketReplication", "GetBucketRequestPayment", "GetBucketTagging", "GetBucketVersioning", "GetBucketWebsite", "GetObject", "GetObjectAcl",
	"GetObjectAnnotation", "GetObjectAttributes", "GetObjectLegalHold", "GetObjectLockConfiguration", "GetObjectRetention", "GetObjectTagging",
	"GetObjectTorrent", "GetPublicAccessBlock", "HeadBucket", "HeadObject", "ListBucketAnalyticsConfigurations",
	"ListBucketIntelligentTieringConfigurations", "ListBucketInventoryConfigurations", "ListBucketMetricsConfigurations", "ListBuckets",
	"ListMultipartUploads", "ListObjectAnnotations", "ListObjectVersions", "ListObjects", "ListObjectsV2", "ListParts", "PostObject", "PutBucketAbac",
	"PutBucketAccelerateConfiguration", "PutBucketAcl", "PutBucketAnalyticsConfiguration", "PutBucketCors", "PutBucketEncryption",
	"PutBucketIntelligentTieringConfiguration", "PutBucketInventoryConfiguration", "PutBucketLifecycle", "PutBucketLifecycleConfiguration",
	"PutBucketLogging", "PutBucketMetricsConfiguration", "PutBucketNotification", "PutBucketNotificationConfiguration", "PutBucketOwnershipControls",
	"PutBucketPolicy", "PutBucketReplication", "PutBucketRequestPayment", "PutBucketTagging", "PutBucketVersioning", "PutBucketWebsite", "PutObject", "PutObjectAcl",
	"PutObjectAnnotation", "PutObjectLegalHold", "PutObjectLockConfiguration", "PutObjectRetention", "PutObjectTagging", "PutPublicAccessBlock",
	"RenameObject", "RestoreObject", "SelectObjectContent", "UpdateBucketMetadataAnnotationTableConfiguration", "UpdateBucketMetadataJournalTableConfiguration",
	"UpdateObjectEncryption", "UploadPart", "UploadPartCopy",
}
