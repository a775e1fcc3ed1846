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

const numParams = len(params)

var paramByName = make(map[string]param, numParams)

func init() {
	for i := 1; i < numParams; i++ {
		paramByName[params[i].name] = param(i)
	}
}
