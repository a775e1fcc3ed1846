package s3

import (
	"slices"

	"github.com/sallyport-iam/sallyport/action"
)

// table holds every operation of the S3 service model, and form uploads. What
// is served, demanded and documented follows from it. Of rows that differ only
// in modifiers or in copies, the first that fits wins.
var table = slices.Concat(serviceRows, bucketRows, configurationRows, objectRows, uploadRows, attachmentRows)

// serviceRows are addressed to no bucket.
var serviceRows = []row{
	{method: get, level: serviceLevel, operation: "ListBuckets", actions: acts("s3:ListAllMyBuckets"),
		note: "The answer holds the buckets of the caller's account alone."},
	{method: get, level: serviceLevel, selector: pMaxDirectoryBuckets, operation: "ListDirectoryBuckets", refused: ofDirectoryBuckets},
	{method: post, level: serviceLevel, operation: "WriteGetObjectResponse", refused: ofObjectLambda},
}

// bucketRows are about buckets and what is in them.
var bucketRows = []row{
	{method: put, level: bucketLevel, operation: "CreateBucket", actions: acts("s3:CreateBucket"),
		effects: effectBucketACL | effectBucketLock | effectBucketOwnership,
		traits:  maybeEmpty | owns, body: decides, reads: bodyCreateBucket, limit: maxConfiguration,
		note: "Tags in the body demand `s3:TagResource`."},
	{method: del, level: bucketLevel, operation: "DeleteBucket", actions: acts("s3:DeleteBucket")},
	{method: head, level: bucketLevel, operation: "HeadBucket", actions: acts("s3:ListBucket"), note: "It is no listing, and has none of its keys."},
	{method: get, level: bucketLevel, operation: "ListObjects", actions: acts("s3:ListBucket"), traits: lists},
	{method: get, level: bucketLevel, selector: pListType, operation: "ListObjectsV2", actions: acts("s3:ListBucket"), traits: lists},
	{method: get, level: bucketLevel, selector: pVersions, operation: "ListObjectVersions", actions: acts("s3:ListBucketVersions"), traits: lists},
	rowGet(pUploads, "ListMultipartUploads", "s3:ListBucketMultipartUploads"),
	rowGet(pLocation, "GetBucketLocation", "s3:GetBucketLocation"),
	notServed(rowGet(pSession, "CreateSession", "s3express:CreateSession"), ofDirectoryBuckets),
	{method: post, level: bucketLevel, selector: pDelete, operation: "DeleteObjects",
		actions: acts("s3:DeleteObject"), version: acts("s3:DeleteObjectVersion"), effects: effectBypass,
		body: decides, reads: bodyDelete, limit: maxConfiguration,
		note: "Each entry is decided by itself, with the second action if it names a version. Those denied are answered `AccessDenied` within the answer. One with a precondition demands reading too."},
	{method: post, level: bucketLevel, operation: "PostObject", actions: acts("s3:PutObject"), effects: effectsOfObject,
		traits: creates | describes, body: action.BodyForm, limit: objectLimit,
		note: "An [upload by a form](#uploads-by-forms), decided as the PutObject that it stands for, which the upstream must have."},
}
