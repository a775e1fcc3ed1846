package s3

import "github.com/sallyport-iam/sallyport/action"

// level is what a request addresses.
type level uint8

const (
	serviceLevel level = iota
	bucketLevel
	objectLevel
	numLevels
)

func (l level) String() string {
	switch l {
	case serviceLevel:
		return "service"
	case bucketLevel:
		return "bucket"
	}
	return "object"
}

// trait is a yes-or-no column of the table.
type trait uint16

const (
	// chunked: aws-chunked payloads are allowed.
	chunked trait = 1 << iota
	// versioned: versionId is accepted without changing the action.
	versioned
	// part: partNumber is accepted.
	part
	// copies: the row is for requests with x-amz-copy-source.
	copies
	// hides: a 404 of the upstream tells that an object is missing, which
	// only who may list the bucket may know.
	hides
	// lists: prefix, delimiter and max-keys are condition keys.
	lists
	// creates: the request makes an object appear (s3:ObjectCreationOperation).
	creates
	// maybeEmpty: the body that decides may be absent.
	maybeEmpty
	// owns: the bucket's name must be one of the caller's account.
	owns
	// locates: the answer tells the object's address.
	locates
	// twin: a deprecated name of another row of the same wire form, which
	// serves it.
	twin
)

// row is one operation of the S3 service model. Resources are the addressed
// bucket at bucket level and the addressed object at object level.
type row struct {
	method    string
	level     level
	selector  param
	with      []param // modifiers that must be there
	operation string
	actions   []string // all required
	version   []string // instead of actions, with versionId
	effects   effect   // further actions, by header
	traits    trait
	body      action.BodyUse
	reads     bodyKind // of a body that decides
	limit     int64    // of the body, in decoded bytes
	refused   string   // why the operation is not served; "" if it is
}

// Limits of bodies, in bytes.
const (
	maxConfiguration = 2 << 20 // an XML or JSON document of S3
	maxCompletion    = 8 << 20 // 10,000 parts with checksums
	maxAnnotation    = 1 << 20
	maxExpression    = 1 << 20 // a select request
	objectLimit      = -1      // Options.MaxObjectBytes
)

const (
	get  = "GET"
	head = "HEAD"
	put  = "PUT"
	post = "POST"
	del  = "DELETE"

	streams = action.BodyStreams
	decides = action.BodyDecides
)

// Reasons for which an operation of the model is not served.
const (
	needsS3Tables      = "it also acts on Amazon S3 Tables, which cannot be decided here"
	needsPassRole      = "it hands a role to the service, and iam:PassRole cannot be decided here"
	ofDirectoryBuckets = "directory buckets are not served"
	ofObjectLambda     = "S3 Object Lambda is not served"
	ofForms            = "browser-based uploads are not served"
)

func acts(names ...string) []string { return names }

// rowGet, rowPut and rowDelete are bucket sub-resources of the usual form.
func rowGet(sel param, operation, act string) row {
	return row{method: get, level: bucketLevel, selector: sel, operation: operation, actions: acts(act)}
}

func rowPut(sel param, operation, act string) row {
	return row{method: put, level: bucketLevel, selector: sel, operation: operation, actions: acts(act), body: streams, limit: maxConfiguration}
}

func rowDelete(sel param, operation, act string) row {
	return row{method: del, level: bucketLevel, selector: sel, operation: operation, actions: acts(act)}
}

// withID is the row for a configuration that the parameter id names.
func withID(r row) row {
	r.with = []param{pID}
	return r
}

// deprecated is the row of an older name.
func deprecated(r row) row {
	r.traits |= twin
	return r
}

// notServed is a row of the model that is known and refused.
func notServed(r row, why string) row {
	r.refused = why
	return r
}

// deciding is a row whose body is read before it is decided.
func deciding(r row, kind bodyKind) row {
	r.body, r.reads, r.limit = decides, kind, maxConfiguration
	return r
}

// table holds every operation of the S3 service model, and form uploads. Of
// rows that differ only in modifiers or in copies, the first that fits wins.
var table = []row{
	// Service level.
	{method: get, level: serviceLevel, operation: "ListBuckets", actions: acts("s3:ListAllMyBuckets")},
	{method: get, level: serviceLevel, selector: pMaxDirectoryBuckets, operation: "ListDirectoryBuckets", refused: ofDirectoryBuckets},
	{method: post, level: serviceLevel, operation: "WriteGetObjectResponse", refused: ofObjectLambda},

	// Bucket level: the bucket itself and its contents.
	{method: put, level: bucketLevel, operation: "CreateBucket", actions: acts("s3:CreateBucket"),
		effects: effectBucketACL | effectBucketLock | effectBucketOwnership,
		traits:  maybeEmpty | owns, body: decides, reads: bodyCreateBucket, limit: maxConfiguration},
	{method: del, level: bucketLevel, operation: "DeleteBucket", actions: acts("s3:DeleteBucket")},
	{method: head, level: bucketLevel, operation: "HeadBucket", actions: acts("s3:ListBucket")},
	{method: get, level: bucketLevel, operation: "ListObjects", actions: acts("s3:ListBucket"), traits: lists},
	{method: get, level: bucketLevel, selector: pListType, operation: "ListObjectsV2", actions: acts("s3:ListBucket"), traits: lists},
	{method: get, level: bucketLevel, selector: pVersions, operation: "ListObjectVersions", actions: acts("s3:ListBucketVersions"), traits: lists},
	rowGet(pUploads, "ListMultipartUploads", "s3:ListBucketMultipartUploads"),
	rowGet(pLocation, "GetBucketLocation", "s3:GetBucketLocation"),
	notServed(rowGet(pSession, "CreateSession", "s3express:CreateSession"), ofDirectoryBuckets),
	{method: post, level: bucketLevel, selector: pDelete, operation: "DeleteObjects",
		actions: acts("s3:DeleteObject"), version: acts("s3:DeleteObjectVersion"), effects: effectBypass,
		body: decides, reads: bodyDelete, limit: maxConfiguration},
	{method: post, level: bucketLevel, operation: "PostObject", refused: ofForms},

	// Bucket level: configuration.
	rowGet(pAbac, "GetBucketAbac", "s3:GetBucketAbac"),
	rowPut(pAbac, "PutBucketAbac", "s3:PutBucketAbac"),
	rowGet(pAccelerate, "GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration"),
	rowPut(pAccelerate, "PutBucketAccelerateConfiguration", "s3:PutAccelerateConfiguration"),
	rowGet(pACL, "GetBucketAcl", "s3:GetBucketAcl"),
	{method: put, level: bucketLevel, selector: pACL, operation: "PutBucketAcl", actions: acts("s3:PutBucketAcl"),
		effects: takesACL, traits: maybeEmpty, body: decides, reads: bodyACL, limit: maxConfiguration},
	withID(rowGet(pAnalytics, "GetBucketAnalyticsConfiguration", "s3:GetAnalyticsConfiguration")),
	rowGet(pAnalytics, "ListBucketAnalyticsConfigurations", "s3:GetAnalyticsConfiguration"),
	withID(rowPut(pAnalytics, "PutBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration")),
	withID(rowDelete(pAnalytics, "DeleteBucketAnalyticsConfiguration", "s3:PutAnalyticsConfiguration")),
	rowGet(pCors, "GetBucketCors", "s3:GetBucketCORS"),
	rowPut(pCors, "PutBucketCors", "s3:PutBucketCORS"),
	rowDelete(pCors, "DeleteBucketCors", "s3:PutBucketCORS"),
	rowGet(pEncryption, "GetBucketEncryption", "s3:GetEncryptionConfiguration"),
	rowPut(pEncryption, "PutBucketEncryption", "s3:PutEncryptionConfiguration"),
	rowDelete(pEncryption, "DeleteBucketEncryption", "s3:PutEncryptionConfiguration"),
	withID(rowGet(pIntelligentTiering, "GetBucketIntelligentTieringConfiguration", "s3:GetIntelligentTieringConfiguration")),
	rowGet(pIntelligentTiering, "ListBucketIntelligentTieringConfigurations", "s3:GetIntelligentTieringConfiguration"),
	withID(rowPut(pIntelligentTiering, "PutBucketIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration")),
	withID(rowDelete(pIntelligentTiering, "DeleteBucketIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration")),
	withID(rowGet(pInventory, "GetBucketInventoryConfiguration", "s3:GetInventoryConfiguration")),
	rowGet(pInventory, "ListBucketInventoryConfigurations", "s3:GetInventoryConfiguration"),
	deciding(withID(rowPut(pInventory, "PutBucketInventoryConfiguration", "s3:PutInventoryConfiguration")), bodyInventory),
	withID(rowDelete(pInventory, "DeleteBucketInventoryConfiguration", "s3:PutInventoryConfiguration")),
	rowGet(pLifecycle, "GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
	deprecated(rowGet(pLifecycle, "GetBucketLifecycle", "s3:GetLifecycleConfiguration")),
	rowPut(pLifecycle, "PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
	deprecated(rowPut(pLifecycle, "PutBucketLifecycle", "s3:PutLifecycleConfiguration")),
	rowDelete(pLifecycle, "DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
	rowGet(pLogging, "GetBucketLogging", "s3:GetBucketLogging"),
	rowPut(pLogging, "PutBucketLogging", "s3:PutBucketLogging"),
	rowGet(pMetadataConfiguration, "GetBucketMetadataConfiguration", "s3:GetBucketMetadataTableConfiguration"),
	{method: post, level: bucketLevel, selector: pMetadataConfiguration, operation: "CreateBucketMetadataConfiguration", refused: needsS3Tables},
	rowDelete(pMetadataConfiguration, "DeleteBucketMetadataConfiguration", "s3:DeleteBucketMetadataTableConfiguration"),
	rowGet(pMetadataTable, "GetBucketMetadataTableConfiguration", "s3:GetBucketMetadataTableConfiguration"),
	{method: post, level: bucketLevel, selector: pMetadataTable, operation: "CreateBucketMetadataTableConfiguration", refused: needsS3Tables},
	rowDelete(pMetadataTable, "DeleteBucketMetadataTableConfiguration", "s3:DeleteBucketMetadataTableConfiguration"),
	notServed(rowPut(pMetadataInventoryTable, "UpdateBucketMetadataInventoryTableConfiguration", "s3:UpdateBucketMetadataInventoryTableConfiguration"), needsS3Tables),
	notServed(rowPut(pMetadataAnnotationTable, "UpdateBucketMetadataAnnotationTableConfiguration", "s3:UpdateBucketMetadataAnnotationTableConfiguration"), needsPassRole),
	rowPut(pMetadataJournalTable, "UpdateBucketMetadataJournalTableConfiguration", "s3:UpdateBucketMetadataJournalTableConfiguration"),
	withID(rowGet(pMetrics, "GetBucketMetricsConfiguration", "s3:GetMetricsConfiguration")),
	rowGet(pMetrics, "ListBucketMetricsConfigurations", "s3:GetMetricsConfiguration"),
	withID(rowPut(pMetrics, "PutBucketMetricsConfiguration", "s3:PutMetricsConfiguration")),
	withID(rowDelete(pMetrics, "DeleteBucketMetricsConfiguration", "s3:PutMetricsConfiguration")),
	rowGet(pNotification, "GetBucketNotificationConfiguration", "s3:GetBucketNotification"),
	deprecated(rowGet(pNotification, "GetBucketNotification", "s3:GetBucketNotification")),
	rowPut(pNotification, "PutBucketNotificationConfiguration", "s3:PutBucketNotification"),
	deprecated(rowPut(pNotification, "PutBucketNotification", "s3:PutBucketNotification")),
	rowGet(pObjectLock, "GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"),
	rowPut(pObjectLock, "PutObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration"),
	rowGet(pOwnershipControls, "GetBucketOwnershipControls", "s3:GetBucketOwnershipControls"),
	rowPut(pOwnershipControls, "PutBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
	rowDelete(pOwnershipControls, "DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
	rowGet(pPolicy, "GetBucketPolicy", "s3:GetBucketPolicy"),
	rowPut(pPolicy, "PutBucketPolicy", "s3:PutBucketPolicy"),
	rowDelete(pPolicy, "DeleteBucketPolicy", "s3:DeleteBucketPolicy"),
	rowGet(pPolicyStatus, "GetBucketPolicyStatus", "s3:GetBucketPolicyStatus"),
	rowGet(pPublicAccessBlock, "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
	rowPut(pPublicAccessBlock, "PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
	rowDelete(pPublicAccessBlock, "DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
	rowGet(pReplication, "GetBucketReplication", "s3:GetReplicationConfiguration"),
	notServed(rowPut(pReplication, "PutBucketReplication", "s3:PutReplicationConfiguration"), needsPassRole),
	rowDelete(pReplication, "DeleteBucketReplication", "s3:PutReplicationConfiguration"),
	rowGet(pRequestPayment, "GetBucketRequestPayment", "s3:GetBucketRequestPayment"),
	rowPut(pRequestPayment, "PutBucketRequestPayment", "s3:PutBucketRequestPayment"),
	rowGet(pTagging, "GetBucketTagging", "s3:GetBucketTagging"),
	rowPut(pTagging, "PutBucketTagging", "s3:PutBucketTagging"),
	rowDelete(pTagging, "DeleteBucketTagging", "s3:PutBucketTagging"),
	rowGet(pVersioning, "GetBucketVersioning", "s3:GetBucketVersioning"),
	rowPut(pVersioning, "PutBucketVersioning", "s3:PutBucketVersioning"),
	rowGet(pWebsite, "GetBucketWebsite", "s3:GetBucketWebsite"),
	rowPut(pWebsite, "PutBucketWebsite", "s3:PutBucketWebsite"),
	rowDelete(pWebsite, "DeleteBucketWebsite", "s3:DeleteBucketWebsite"),

	// Object level: contents.
	{method: get, level: objectLevel, operation: "GetObject", actions: acts("s3:GetObject"), version: acts("s3:GetObjectVersion"), traits: hides | part},
	{method: head, level: objectLevel, operation: "HeadObject", actions: acts("s3:GetObject"), version: acts("s3:GetObjectVersion"), traits: hides | part},
	{method: put, level: objectLevel, operation: "CopyObject", actions: acts("s3:PutObject"), effects: effectsOfObject | effectIfMatch, traits: copies | creates},
	{method: put, level: objectLevel, operation: "PutObject", actions: acts("s3:PutObject"), effects: effectsOfObject | effectIfMatch,
		traits: chunked | creates, body: streams, limit: objectLimit},
	{method: del, level: objectLevel, operation: "DeleteObject", actions: acts("s3:DeleteObject"), version: acts("s3:DeleteObjectVersion"),
		effects: effectBypass | effectIfMatch},
	{method: get, level: objectLevel, selector: pAttributes, operation: "GetObjectAttributes",
		actions: acts("s3:GetObject", "s3:GetObjectAttributes"), version: acts("s3:GetObjectVersion", "s3:GetObjectVersionAttributes"), traits: hides},
	{method: get, level: objectLevel, selector: pTorrent, operation: "GetObjectTorrent",
		actions: acts("s3:GetObject", "s3:GetObjectTorrent"), version: acts("s3:GetObjectVersion", "s3:GetObjectVersionTorrent"), traits: hides},
	{method: post, level: objectLevel, selector: pSelect, with: []param{pSelectType}, operation: "SelectObjectContent",
		actions: acts("s3:GetObject"), traits: hides, body: streams, limit: maxExpression},
	{method: post, level: objectLevel, selector: pRestore, operation: "RestoreObject", actions: acts("s3:RestoreObject"),
		traits: hides | versioned, body: decides, reads: bodyRestore, limit: maxConfiguration},
	{method: put, level: objectLevel, selector: pRenameObject, operation: "RenameObject", refused: ofDirectoryBuckets},

	// Object level: multipart uploads.
	{method: post, level: objectLevel, selector: pUploads, operation: "CreateMultipartUpload", actions: acts("s3:PutObject"), effects: effectsOfObject},
	{method: put, level: objectLevel, selector: pUploadID, with: []param{pPartNumber}, operation: "UploadPartCopy", actions: acts("s3:PutObject"), traits: copies},
	{method: put, level: objectLevel, selector: pUploadID, with: []param{pPartNumber}, operation: "UploadPart", actions: acts("s3:PutObject"),
		traits: chunked, body: streams, limit: objectLimit},
	{method: post, level: objectLevel, selector: pUploadID, operation: "CompleteMultipartUpload", actions: acts("s3:PutObject"), effects: effectIfMatch,
		traits: creates | locates, body: streams, limit: maxCompletion},
	{method: del, level: objectLevel, selector: pUploadID, operation: "AbortMultipartUpload", actions: acts("s3:AbortMultipartUpload")},
	{method: get, level: objectLevel, selector: pUploadID, operation: "ListParts", actions: acts("s3:ListMultipartUploadParts")},

	// Object level: what is attached to objects.
	{method: get, level: objectLevel, selector: pACL, operation: "GetObjectAcl", actions: acts("s3:GetObjectAcl"), version: acts("s3:GetObjectVersionAcl"), traits: hides},
	{method: put, level: objectLevel, selector: pACL, operation: "PutObjectAcl", actions: acts("s3:PutObjectAcl"), version: acts("s3:PutObjectVersionAcl"),
		effects: takesACL, traits: hides | maybeEmpty, body: decides, reads: bodyACL, limit: maxConfiguration},
	{method: get, level: objectLevel, selector: pTagging, operation: "GetObjectTagging", actions: acts("s3:GetObjectTagging"), version: acts("s3:GetObjectVersionTagging"), traits: hides},
	{method: put, level: objectLevel, selector: pTagging, operation: "PutObjectTagging", actions: acts("s3:PutObjectTagging"), version: acts("s3:PutObjectVersionTagging"),
		traits: hides, body: decides, reads: bodyTagging, limit: maxConfiguration},
	{method: del, level: objectLevel, selector: pTagging, operation: "DeleteObjectTagging", actions: acts("s3:DeleteObjectTagging"), version: acts("s3:DeleteObjectVersionTagging"), traits: hides},
	{method: get, level: objectLevel, selector: pLegalHold, operation: "GetObjectLegalHold", actions: acts("s3:GetObjectLegalHold"), traits: hides | versioned},
	{method: put, level: objectLevel, selector: pLegalHold, operation: "PutObjectLegalHold", actions: acts("s3:PutObjectLegalHold"),
		traits: hides | versioned, body: decides, reads: bodyLegalHold, limit: maxConfiguration},
	{method: get, level: objectLevel, selector: pRetention, operation: "GetObjectRetention", actions: acts("s3:GetObjectRetention"), traits: hides | versioned},
	{method: put, level: objectLevel, selector: pRetention, operation: "PutObjectRetention", actions: acts("s3:PutObjectRetention"),
		effects: effectBypass, traits: hides | versioned, body: decides, reads: bodyRetention, limit: maxConfiguration},
	{method: put, level: objectLevel, selector: pEncryption, operation: "UpdateObjectEncryption", actions: acts("s3:UpdateObjectEncryption"),
		traits: hides | versioned, body: decides, reads: bodyEncryption, limit: maxConfiguration},
	{method: put, level: objectLevel, selector: pAnnotation, with: []param{pAnnotationName}, operation: "PutObjectAnnotation",
		actions: acts("s3:PutObjectAnnotation"), version: acts("s3:PutObjectVersionAnnotation"), traits: hides | chunked, body: streams, limit: maxAnnotation},
	{method: get, level: objectLevel, selector: pAnnotation, with: []param{pAnnotationName}, operation: "GetObjectAnnotation",
		actions: acts("s3:GetObjectAnnotation"), version: acts("s3:GetObjectVersionAnnotation"), traits: hides},
	{method: get, level: objectLevel, selector: pAnnotation, operation: "ListObjectAnnotations",
		actions: acts("s3:ListObjectAnnotations"), version: acts("s3:ListObjectVersionAnnotations"), traits: hides},
	{method: del, level: objectLevel, selector: pAnnotation, with: []param{pAnnotationName}, operation: "DeleteObjectAnnotation",
		actions: acts("s3:DeleteObjectAnnotation"), version: acts("s3:DeleteObjectVersionAnnotation"), effects: effectBypass, traits: hides},
}
