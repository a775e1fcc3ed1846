package s3

// param is a query parameter that has a meaning in Amazon S3. Names compare
// with case.
type param uint8

const (
	noParam param = iota

	// Selectors: sub-resources, of which a request names at most one.
	pAbac
	pAccelerate
	pACL
	pAnalytics
	pAnnotation
	pAttributes
	pCors
	pDelete
	pEncryption
	pIntelligentTiering
	pInventory
	pLegalHold
	pLifecycle
	pListType
	pLocation
	pLogging
	pMaxDirectoryBuckets
	pMetadataAnnotationTable
	pMetadataConfiguration
	pMetadataInventoryTable
	pMetadataJournalTable
	pMetadataTable
	pMetrics
	pNotification
	pObjectLock
	pOwnershipControls
	pPolicy
	pPolicyStatus
	pPublicAccessBlock
	pRenameObject
	pReplication
	pRequestPayment
	pRestore
	pRetention
	pSelect
	pSession
	pTagging
	pTorrent
	pUploadID
	pUploads
	pVersioning
	pVersions
	pWebsite

	// Modifiers: they choose between operations or say what one acts on, and
	// are valid only where the table names them.
	pAnnotationName
	pID
	pPartNumber
	pSelectType
	pVersionID

	// Filters that are condition keys.
	pAnnotationPrefix
	pDelimiter
	pMaxAnnotationResults
	pMaxKeys
	pPrefix
)

// use is what a parameter may be.
type use uint16

const (
	onService use = 1 << iota // selector at service level
	onBucket                  // selector at bucket level
	onObject                  // selector at object level
	modifier
	filter // changes neither the operation nor what it acts on
	needsValue
	isNumber
	isIdentifier // see validIdentifier
	overrides    // a field of the answer, which anonymous requests may not

	selector = onService | onBucket | onObject
)

var params = [...]struct {
	name string
	use  use
}{
	noParam: {},

	pAbac:                    {"abac", onBucket},
	pAccelerate:              {"accelerate", onBucket},
	pACL:                     {"acl", onBucket | onObject},
	pAnalytics:               {"analytics", onBucket},
	pAnnotation:              {"annotation", onObject},
	pAttributes:              {"attributes", onObject},
	pCors:                    {"cors", onBucket},
	pDelete:                  {"delete", onBucket},
	pEncryption:              {"encryption", onBucket | onObject},
	pIntelligentTiering:      {"intelligent-tiering", onBucket},
	pInventory:               {"inventory", onBucket},
	pLegalHold:               {"legal-hold", onObject},
	pLifecycle:               {"lifecycle", onBucket},
	pListType:                {"list-type", onBucket | needsValue},
	pLocation:                {"location", onBucket},
	pLogging:                 {"logging", onBucket},
	pMaxDirectoryBuckets:     {"max-directory-buckets", onService},
	pMetadataAnnotationTable: {"metadataAnnotationTable", onBucket},
	pMetadataConfiguration:   {"metadataConfiguration", onBucket},
	pMetadataInventoryTable:  {"metadataInventoryTable", onBucket},
	pMetadataJournalTable:    {"metadataJournalTable", onBucket},
	pMetadataTable:           {"metadataTable", onBucket},
	pMetrics:                 {"metrics", onBucket},
	pNotification:            {"notification", onBucket},
	pObjectLock:              {"object-lock", onBucket},
	pOwnershipControls:       {"ownershipControls", onBucket},
	pPolicy:                  {"policy", onBucket},
	pPolicyStatus:            {"policyStatus", onBucket},
	pPublicAccessBlock:       {"publicAccessBlock", onBucket},
	pRenameObject:            {"renameObject", onObject},
	pReplication:             {"replication", onBucket},
	pRequestPayment:          {"requestPayment", onBucket},
	pRestore:                 {"restore", onObject},
	pRetention:               {"retention", onObject},
	pSelect:                  {"select", onObject},
	pSession:                 {"session", onBucket},
	pTagging:                 {"tagging", onBucket | onObject},
	pTorrent:                 {"torrent", onObject},
	pUploadID:                {"uploadId", onObject | needsValue | isIdentifier},
	pUploads:                 {"uploads", onBucket | onObject},
	pVersioning:              {"versioning", onBucket},
	pVersions:                {"versions", onBucket},
	pWebsite:                 {"website", onBucket},

	pAnnotationName: {"annotationName", modifier | needsValue | isIdentifier},
	pID:             {"id", modifier | needsValue | isIdentifier},
	pPartNumber:     {"partNumber", modifier | needsValue},
	pSelectType:     {"select-type", modifier | needsValue},
	pVersionID:      {"versionId", modifier | needsValue | isIdentifier},

	pAnnotationPrefix:     {"annotation-prefix", filter},
	pDelimiter:            {"delimiter", filter},
	pMaxAnnotationResults: {"max-annotation-results", filter | isNumber},
	pMaxKeys:              {"max-keys", filter | isNumber},
	pPrefix:               {"prefix", filter},

	// Filters and others that nothing here reads, known so that they pass, once.
	{"AWSAccessKeyId", filter}, {"Expires", filter}, {"Signature", filter}, // for the verifier to judge
	{"bucket-region", filter},
	{"continuation-token", filter},
	{"encoding-type", filter},
	{"fetch-owner", filter},
	{"key-marker", filter},
	{"marker", filter},
	{"max-buckets", filter | isNumber},
	{"max-parts", filter | isNumber},
	{"max-uploads", filter | isNumber},
	{"part-number-marker", filter | isNumber},
	{"response-cache-control", filter | overrides},
	{"response-content-disposition", filter | overrides},
	{"response-content-encoding", filter | overrides},
	{"response-content-language", filter | overrides},
	{"response-content-type", filter | overrides},
	{"response-expires", filter | overrides},
	{"start-after", filter},
	{"upload-id-marker", filter | isIdentifier},
	{"version-id-marker", filter | isIdentifier},
	{"x-id", filter},
}

// header is a header field that has a meaning in Amazon S3. Those of the form
// x-amz-* are headers also where a presigner moved them into the query.
type header uint8

const (
	noHeader header = iota

	// Headers with effects of their own, or that are condition keys.
	hACL
	hAnnotationDirective
	hBucketNamespace
	hBucketObjectLockEnabled
	hBypassGovernance
	hCopySource
	hCustomerAlgorithm
	hEventHold
	hEventHoldDays
	hEventHoldYears
	hExpectedBucketOwner
	hGrantFullControl
	hGrantRead
	hGrantReadACP
	hGrantWrite
	hGrantWriteACP
	hIfMatch
	hIfNoneMatch
	hKMSKeyID
	hLegalHold
	hLockMode
	hLockRetainUntil
	hMetadataDirective
	hObjectIfMatch
	hObjectOwnership
	hServerSideEncryption
	hSourceExpectedBucketOwner
	hStorageClass
	hTagging
	hTaggingDirective
	hTrailer
	hWebsiteRedirect

	// Lists, which may come in several fields.
	hObjectAttributes
	hOptionalObjectAttributes

	// Headers of directory buckets.
	hCreateSessionMode
	hIfMatchInitiatedTime
	hIfMatchLastModified
	hIfMatchSize
	hRenameSource
	hSessionToken
	hWriteOffset
)

var headers = [...]string{
	noHeader: "",

	hACL:                       "x-amz-acl",
	hAnnotationDirective:       "x-amz-object-annotation-directive",
	hBucketNamespace:           "x-amz-bucket-namespace",
	hBucketObjectLockEnabled:   "x-amz-bucket-object-lock-enabled",
	hBypassGovernance:          "x-amz-bypass-governance-retention",
	hCopySource:                "x-amz-copy-source",
	hCustomerAlgorithm:         "x-amz-server-side-encryption-customer-algorithm",
	hEventHold:                 "x-amz-object-lock-event-hold",
	hEventHoldDays:             "x-amz-object-lock-event-hold-duration-days",
	hEventHoldYears:            "x-amz-object-lock-event-hold-duration-years",
	hExpectedBucketOwner:       "x-amz-expected-bucket-owner",
	hGrantFullControl:          "x-amz-grant-full-control",
	hGrantRead:                 "x-amz-grant-read",
	hGrantReadACP:              "x-amz-grant-read-acp",
	hGrantWrite:                "x-amz-grant-write",
	hGrantWriteACP:             "x-amz-grant-write-acp",
	hIfMatch:                   "if-match",
	hIfNoneMatch:               "if-none-match",
	hKMSKeyID:                  "x-amz-server-side-encryption-aws-kms-key-id",
	hLegalHold:                 "x-amz-object-lock-legal-hold",
	hLockMode:                  "x-amz-object-lock-mode",
	hLockRetainUntil:           "x-amz-object-lock-retain-until-date",
	hMetadataDirective:         "x-amz-metadata-directive",
	hObjectIfMatch:             "x-amz-object-if-match",
	hObjectOwnership:           "x-amz-object-ownership",
	hServerSideEncryption:      "x-amz-server-side-encryption",
	hSourceExpectedBucketOwner: "x-amz-source-expected-bucket-owner",
	hStorageClass:              "x-amz-storage-class",
	hTagging:                   "x-amz-tagging",
	hTaggingDirective:          "x-amz-tagging-directive",
	hTrailer:                   "x-amz-trailer",
	hWebsiteRedirect:           "x-amz-website-redirect-location",

	hObjectAttributes:         "x-amz-object-attributes",
	hOptionalObjectAttributes: "x-amz-optional-object-attributes",

	hCreateSessionMode:    "x-amz-create-session-mode",
	hIfMatchInitiatedTime: "x-amz-if-match-initiated-time",
	hIfMatchLastModified:  "x-amz-if-match-last-modified-time",
	hIfMatchSize:          "x-amz-if-match-size",
	hRenameSource:         "x-amz-rename-source",
	hSessionToken:         "x-amz-s3session-token",
	hWriteOffset:          "x-amz-write-offset-bytes",

	// Known, without effect on what is decided; they pass, once.
	"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signature", "x-amz-signedheaders", // for the verifier
	"x-amz-content-sha256", "x-amz-decoded-content-length", "x-amz-region-set", "x-amz-security-token",
	"x-amz-cf-id", "x-amz-id-2", "x-amz-request-id", "x-amz-te", "x-amz-user-agent",
	"x-amz-bucket-object-lock-token",
	"x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type", "x-amz-sdk-checksum-algorithm",
	"x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme", "x-amz-checksum-md5",
	"x-amz-checksum-sha1", "x-amz-checksum-sha256", "x-amz-checksum-sha512",
	"x-amz-checksum-xxhash3", "x-amz-checksum-xxhash64", "x-amz-checksum-xxhash128",
	"x-amz-confirm-remove-self-bucket-access",
	"x-amz-copy-source-if-match", "x-amz-copy-source-if-modified-since",
	"x-amz-copy-source-if-none-match", "x-amz-copy-source-if-unmodified-since", "x-amz-copy-source-range",
	"x-amz-copy-source-server-side-encryption-customer-algorithm",
	"x-amz-copy-source-server-side-encryption-customer-key",
	"x-amz-copy-source-server-side-encryption-customer-key-md5",
	"x-amz-max-parts", "x-amz-part-number-marker",
	"x-amz-mfa",
	"x-amz-mp-object-size",
	"x-amz-request-payer",
	"x-amz-server-side-encryption-bucket-key-enabled", "x-amz-server-side-encryption-context",
	"x-amz-server-side-encryption-customer-key", "x-amz-server-side-encryption-customer-key-md5",
	"x-amz-skip-destination-validation",
	"x-amz-transition-default-minimum-object-size",
}

const (
	numParams  = len(params)
	numHeaders = len(headers)
)

var (
	paramByName  = make(map[string]param, numParams)
	headerByName = make(map[string]header, numHeaders)
)

func init() {
	for i := 1; i < numParams; i++ {
		paramByName[params[i].name] = param(i)
	}
	for i := 1; i < numHeaders; i++ {
		headerByName[headers[i]] = header(i)
	}
}

// hasVendorPrefix tells of the names of other stores' extensions, parameters
// or headers, which those stores act on.
func hasVendorPrefix(lower string) bool {
	for _, prefix := range [...]string{
		"x-minio-", "x-rustfs-", "x-rgw-", "x-goog-", "x-emc-", "x-oss-", "x-obs-", "x-cos-", "x-swift-",
		"x-bce-", "x-bz-", "x-gmt-", "x-hcp-", "x-kss-", "x-ntap-", "x-scal-", "x-tigris-", "x-tos-", "x-wasabi-",
		"x-container-", "x-object-", "x-account-", "cf-copy-", "cf-create-", "ibm-", "seaweed-", "x-seaweedfs-",
	} {
		if len(lower) >= len(prefix) && lower[:len(prefix)] == prefix {
			return true
		}
	}
	return false
}

// overridesRequest tells of headers by which some servers take another method
// or another target than the request line's.
func overridesRequest(lower string) bool {
	switch lower {
	case "x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-rewrite-url":
		return true
	}
	return false
}
