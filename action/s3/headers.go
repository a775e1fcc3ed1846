package s3

import (
	"net/textproto"
	"strings"
)

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

	numActive
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
	"x-amz-client-token",
	"x-amz-confirm-remove-self-bucket-access",
	"x-amz-copy-source-if-match", "x-amz-copy-source-if-modified-since",
	"x-amz-copy-source-if-none-match", "x-amz-copy-source-if-unmodified-since", "x-amz-copy-source-range",
	"x-amz-copy-source-server-side-encryption-customer-algorithm",
	"x-amz-copy-source-server-side-encryption-customer-key",
	"x-amz-copy-source-server-side-encryption-customer-key-md5",
	"x-amz-max-parts", "x-amz-part-number-marker",
	"x-amz-mfa",
	"x-amz-mp-object-size",
	"x-amz-rename-source-if-match", "x-amz-rename-source-if-modified-since",
	"x-amz-rename-source-if-none-match", "x-amz-rename-source-if-unmodified-since",
	"x-amz-request-payer",
	"x-amz-server-side-encryption-bucket-key-enabled", "x-amz-server-side-encryption-context",
	"x-amz-server-side-encryption-customer-key", "x-amz-server-side-encryption-customer-key-md5",
	"x-amz-skip-destination-validation",
	"x-amz-transition-default-minimum-object-size",
}

const numHeaders = len(headers)

var (
	headerByName = make(map[string]header, numHeaders)
	// headerByHoistedName has the names of headers that can be in the query, as
	// presigners write them.
	headerByHoistedName = make(map[string]header, 2*numHeaders)
)

func init() {
	for i := 1; i < numHeaders; i++ {
		headerByName[headers[i]] = header(i)
		if strings.HasPrefix(headers[i], "x-amz-") {
			headerByHoistedName[headers[i]] = header(i)
			headerByHoistedName[textproto.CanonicalMIMEHeaderKey(headers[i])] = header(i)
		}
	}
}

// hasVendorPrefix tells of the names of other stores' extensions, parameters
// or headers, which those stores act on.
func hasVendorPrefix(lower string) bool {
	first, rest, _ := strings.Cut(lower, "-")
	second, _, more := strings.Cut(rest, "-")
	switch first {
	case "ibm", "seaweed":
		return len(lower) > len(first)
	case "cf":
		return more && (second == "copy" || second == "create")
	case "x":
		return more && vendors[second]
	}
	return false
}

// vendors are whose names begin with "x-" and these.
var vendors = setOf([]string{
	"minio", "rustfs", "rgw", "goog", "emc", "oss", "obs", "cos", "swift",
	"bce", "bz", "gmt", "hcp", "kss", "ntap", "scal", "tigris", "tos", "wasabi",
	"container", "object", "account", "seaweedfs",
})

// overridesRequest tells of headers by which some servers take another method
// or another target than the request line's.
func overridesRequest(lower string) bool {
	switch lower {
	case "x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-rewrite-url":
		return true
	}
	return false
}
