package s3

import (
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
)

// view is what the condition keys of one access are taken from.
type view struct {
	*request
	content *content
	// version is that of the object accessed: the request's own, a copy
	// source's, or an entry's; "" if the access is not of a version.
	version string
	// ifMatch is the ETag that the write depends on.
	ifMatch    string
	hasIfMatch bool
	// account and region complete a bare KMS key id.
	partition, region, account string
	now                        time.Time
}

// conditionKey is a key with the actions that have it.
type conditionKey struct {
	name    string // in lower case; ends in "/" if a tag's key follows
	actions []string
	// on tells in which rows a request can have what the key is taken from;
	// nil: in all. A header that the store overlooks there is no key.
	on   func(r *row) bool
	fill func(c *authz.Context, v *view)
}

// Groups of actions that share condition keys. Amazon S3 names for
// s3:BypassGovernanceRetention those of writes too; no request that asks for it
// can have them.
var (
	withACL      = acts("s3:CreateBucket", "s3:PutBucketAcl", "s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectVersionAcl")
	withWrite    = acts("s3:PutObject")
	withSSE      = acts("s3:PutObject", "s3:UpdateObjectEncryption")
	withStorage  = acts("s3:PutObject", "s3:PutObjectAcl")
	withTags     = acts("s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectVersionTagging")
	withLock     = acts("s3:PutObject", "s3:PutObjectRetention")
	withHold     = acts("s3:PutObject", "s3:PutObjectLegalHold")
	withList     = acts("s3:ListBucket", "s3:ListBucketVersions")
	withNotes    = acts("s3:ListObjectAnnotations", "s3:ListObjectVersionAnnotations")
	withNote     = acts("s3:PutObjectAnnotation", "s3:PutObjectVersionAnnotation", "s3:DeleteObjectAnnotation", "s3:DeleteObjectVersionAnnotation")
	withTagging  = acts("s3:CreateBucket", "s3:TagResource")
	withVersions = acts("s3:GetObjectVersion", "s3:DeleteObjectVersion", "s3:GetObjectVersionAcl", "s3:PutObjectVersionAcl",
		"s3:GetObjectVersionTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectVersionTagging",
		"s3:GetObjectVersionAttributes", "s3:GetObjectVersionTorrent",
		"s3:PutObjectVersionAnnotation", "s3:GetObjectVersionAnnotation", "s3:ListObjectVersionAnnotations", "s3:DeleteObjectVersionAnnotation")
)

// conditionKeys are the keys that the request itself fills, each with the
// actions that have it. A name in the request never becomes a key by itself.
var conditionKeys = []conditionKey{
	{"s3:prefix", withList, having(lists), fromParam("s3:prefix", pPrefix)},
	{"s3:delimiter", withList, having(lists), fromParam("s3:delimiter", pDelimiter)},
	{"s3:max-keys", withList, having(lists), fromParam("s3:max-keys", pMaxKeys)},
	{"s3:annotation-prefix", withNotes, nil, fromParam("s3:annotation-prefix", pAnnotationPrefix)},
	{"s3:max-annotation-results", withNotes, nil, fromParam("s3:max-annotation-results", pMaxAnnotationResults)},
	{"s3:x-amz-object-if-match", withNote, nil, fromHeader("s3:x-amz-object-if-match", hObjectIfMatch)},

	{"s3:x-amz-acl", withACL, takesACLs, fromHeader("s3:x-amz-acl", hACL)},
	{"s3:x-amz-grant-read", withACL, takesACLs, fromHeader("s3:x-amz-grant-read", hGrantRead)},
	{"s3:x-amz-grant-write", withACL, takesACLs, fromHeader("s3:x-amz-grant-write", hGrantWrite)},
	{"s3:x-amz-grant-read-acp", withACL, takesACLs, fromHeader("s3:x-amz-grant-read-acp", hGrantReadACP)},
	{"s3:x-amz-grant-write-acp", withACL, takesACLs, fromHeader("s3:x-amz-grant-write-acp", hGrantWriteACP)},
	{"s3:x-amz-grant-full-control", withACL, takesACLs, fromHeader("s3:x-amz-grant-full-control", hGrantFullControl)},

	{"s3:x-amz-copy-source", withWrite, having(copies), fillCopySource},
	{"s3:x-amz-metadata-directive", withWrite, isCopy, fromHeader("s3:x-amz-metadata-directive", hMetadataDirective)},
	{"s3:x-amz-object-annotation-directive", withWrite, isCopy, fromHeader("s3:x-amz-object-annotation-directive", hAnnotationDirective)},
	{"s3:x-amz-server-side-encryption", withSSE, encrypts, fillEncryption},
	{"s3:x-amz-server-side-encryption-aws-kms-key-id", withSSE, encrypts, fillEncryptionKey},
	// Of every part too: each is sent with the customer's key.
	{"s3:x-amz-server-side-encryption-customer-algorithm", withWrite, nil, fromHeader("s3:x-amz-server-side-encryption-customer-algorithm", hCustomerAlgorithm)},
	{"s3:x-amz-storage-class", withStorage, having(describes), fromHeader("s3:x-amz-storage-class", hStorageClass)},
	{"s3:x-amz-website-redirect-location", withWrite, having(describes), fromHeader("s3:x-amz-website-redirect-location", hWebsiteRedirect)},
	{"s3:if-match", acts("s3:PutObject", "s3:DeleteObject"), matches, fillIfMatch},
	{"s3:if-none-match", withWrite, having(creates), fromHeader("s3:if-none-match", hIfNoneMatch)},
	{"s3:objectcreationoperation", withWrite, nil, fillCreation},
	{"s3:versionid", withVersions, nil, fillVersion},

	{"s3:requestobjecttag/", withTags, tagged, fillTags},
	{"s3:requestobjecttagkeys", withTags, tagged, fillTagKeys},
	{"s3:object-lock-mode", withLock, locks, fillLockMode},
	{"s3:object-lock-retain-until-date", withLock, locks, fillRetainUntil},
	{"s3:object-lock-remaining-retention-days", withLock, locks, fillRemainingDays},
	{"s3:object-lock-event-hold", withLock, locks, fillEventHold},
	{"s3:object-lock-event-hold-duration-days", withLock, locks, fillEventHoldDays},
	{"s3:object-lock-legal-hold", withHold, holds, fillLegalHold},

	{"s3:locationconstraint", acts("s3:CreateBucket"), nil, fillLocation},
	{"s3:x-amz-object-ownership", acts("s3:CreateBucket"), nil, fromHeader("s3:x-amz-object-ownership", hObjectOwnership)},
	{"s3:x-amz-bucket-namespace", acts("s3:CreateBucket"), nil, fromHeader("s3:x-amz-bucket-namespace", hBucketNamespace)},
	{"aws:requesttag/", withTagging, nil, fillBucketTags},
	{"aws:tagkeys", withTagging, nil, fillBucketTagKeys},
	{"s3:inventoryaccessibleoptionalfields", acts("s3:PutInventoryConfiguration"), reading(bodyInventory), fillOptionalFields},
	{"iam:passedtoservice", acts("iam:PassRole"), nil, fillPassedTo},
}

// withObjectTags are the actions that have the tags of the object, which are
// stored and not in the request: action.ObjectTags. PutObject, DeleteObject and
// RestoreObject are not among them.
var withObjectTags = acts("s3:GetObject", "s3:GetObjectVersion",
	"s3:GetObjectAcl", "s3:GetObjectVersionAcl", "s3:PutObjectAcl", "s3:PutObjectVersionAcl",
	"s3:GetObjectAttributes", "s3:GetObjectVersionAttributes",
	"s3:GetObjectTagging", "s3:GetObjectVersionTagging", "s3:PutObjectTagging", "s3:PutObjectVersionTagging",
	"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging",
	"s3:UpdateObjectEncryption")

// Rows in which a request can have what a key is taken from.

func having(t trait) func(*row) bool { return func(r *row) bool { return r.traits&t != 0 } }

func takesACLs(r *row) bool { return r.effects&(effectACL|effectBucketACL|takesACL) != 0 }

func reading(kind bodyKind) func(*row) bool { return func(r *row) bool { return r.reads == kind } }

func isCopy(r *row) bool { return r.traits&copies != 0 && r.whole() }

func encrypts(r *row) bool { return r.traits&describes != 0 || r.reads == bodyEncryption }

func matches(r *row) bool { return r.effects&effectIfMatch != 0 || r.reads == bodyDelete }

func tagged(r *row) bool { return r.effects&effectTagging != 0 || r.reads == bodyTagging }

func locks(r *row) bool { return r.effects&effectRetention != 0 || r.reads == bodyRetention }

func holds(r *row) bool { return r.effects&effectLegalHold != 0 || r.reads == bodyLegalHold }

// keysOfAll are the S3 keys that every action has: the first two are filled
// here, the others by the enforcement point, which knows the connection and
// the signature.
var keysOfAll = []string{
	"s3:resourceaccount", "aws:resourceaccount",
	"s3:authtype", "s3:signatureversion", "s3:signatureage", "s3:x-amz-content-sha256", "s3:tlsversion",
}

func fromHeader(key string, h header) func(*authz.Context, *view) {
	return func(c *authz.Context, v *view) {
		if v.hasHeader(h) {
			c.Set(key, v.header(h))
		}
	}
}

func fromParam(key string, p param) func(*authz.Context, *view) {
	return func(c *authz.Context, v *view) {
		if v.hasParam(p) {
			c.Set(key, v.param(p))
		}
	}
}

// fillCopySource leaves the version out, so that a condition on a key holds
// for all its versions.
func fillCopySource(c *authz.Context, v *view) {
	c.Set("s3:x-amz-copy-source", v.source.bucket+"/"+v.source.key)
}

func fillEncryption(c *authz.Context, v *view) {
	switch {
	case v.content.encryption != "":
		c.Set("s3:x-amz-server-side-encryption", v.content.encryption)
	case v.hasHeader(hServerSideEncryption):
		c.Set("s3:x-amz-server-side-encryption", v.header(hServerSideEncryption))
	}
}

// fillEncryptionKey completes a bare key id to the ARN, as the key of the
// caller's account that it stands for. Aliases stay.
func fillEncryptionKey(c *authz.Context, v *view) {
	id := v.content.encryptionKey
	if id == "" {
		if !v.hasHeader(hKMSKeyID) {
			return
		}
		id = v.header(hKMSKeyID)
	}
	if id != "" && !strings.HasPrefix(id, "arn:") && !strings.HasPrefix(id, "alias/") && v.account != "" {
		id = "arn:" + v.partition + ":kms:" + v.region + ":" + v.account + ":key/" + id
	}
	c.Set("s3:x-amz-server-side-encryption-aws-kms-key-id", id)
}

func fillIfMatch(c *authz.Context, v *view) {
	if v.hasIfMatch {
		c.Set("s3:if-match", v.ifMatch)
	}
}

func fillCreation(c *authz.Context, v *view) {
	c.Set("s3:objectcreationoperation", strconv.FormatBool(v.row.traits&creates != 0))
}

func fillPassedTo(c *authz.Context, _ *view) { c.Set("iam:passedtoservice", "s3.amazonaws.com") }

func fillVersion(c *authz.Context, v *view) {
	if v.version != "" {
		c.Set("s3:versionid", v.version)
	}
}

func fillTags(c *authz.Context, v *view) {
	for _, t := range v.content.tags {
		c.SetTag("s3:requestobjecttag", t.key, t.value)
	}
}

func fillTagKeys(c *authz.Context, v *view) {
	setTagKeys(c, "s3:requestobjecttagkeys", v.content.tags)
}

func fillBucketTags(c *authz.Context, v *view) {
	for _, t := range v.content.bucketTags {
		c.SetTag("aws:requesttag", t.key, t.value)
	}
}

func fillBucketTagKeys(c *authz.Context, v *view) {
	setTagKeys(c, "aws:tagkeys", v.content.bucketTags)
}

func setTagKeys(c *authz.Context, key string, tags []tag) {
	if len(tags) == 0 {
		return
	}
	keys := make([]string, len(tags))
	for i, t := range tags {
		keys[i] = t.key
	}
	c.SetList(key, keys)
}

func fillLockMode(c *authz.Context, v *view) {
	if v.content.lock.mode != "" {
		c.Set("s3:object-lock-mode", v.content.lock.mode)
	}
}

func fillRetainUntil(c *authz.Context, v *view) {
	if v.content.lock.until != "" {
		c.Set("s3:object-lock-retain-until-date", v.content.lock.until)
	}
}

// fillRemainingDays counts days that have begun, so that a retention of ten
// days asked for a moment ago still has ten.
func fillRemainingDays(c *authz.Context, v *view) {
	if v.content.lock.until == "" {
		return
	}
	const day = 24 * time.Hour
	left := v.content.lock.untilTime.Sub(v.now)
	days := int64(left / day)
	if left > 0 && left%day != 0 {
		days++
	}
	c.Set("s3:object-lock-remaining-retention-days", strconv.FormatInt(days, 10))
}

func fillEventHold(c *authz.Context, v *view) {
	if v.content.lock.eventHold != "" {
		c.Set("s3:object-lock-event-hold", v.content.lock.eventHold)
	}
}

func fillEventHoldDays(c *authz.Context, v *view) {
	if v.content.lock.days != "" {
		c.Set("s3:object-lock-event-hold-duration-days", v.content.lock.days)
	}
}

func fillLegalHold(c *authz.Context, v *view) {
	if v.content.legalHold != "" {
		c.Set("s3:object-lock-legal-hold", v.content.legalHold)
	}
}

func fillLocation(c *authz.Context, v *view) {
	if v.content.locationConstraint != "" {
		c.Set("s3:locationconstraint", v.content.locationConstraint)
	}
}

func fillOptionalFields(c *authz.Context, v *view) {
	if len(v.content.optionalFields) > 0 {
		c.SetList("s3:inventoryaccessibleoptionalfields", v.content.optionalFields)
	}
}
