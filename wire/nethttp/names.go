package nethttp

import (
	"net/textproto"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// commonNames are the field names that S3 traffic is made of: they change
// between net/http's spelling and wire's without an allocation.
var commonNames = [...]string{
	"accept", "accept-encoding", "accept-language", "accept-ranges", "access-control-allow-origin", "access-control-expose-headers",
	"access-control-request-headers", "access-control-request-method", "age", "allow", "amz-sdk-invocation-id", "amz-sdk-request", "authorization",
	"cache-control", "connection", "content-disposition", "content-encoding", "content-language", "content-length", "content-md5", "content-range",
	"content-type", "cookie", "date", "etag", "expect", "expires", "forwarded", "if-match", "if-modified-since", "if-none-match", "if-range",
	"if-unmodified-since", "keep-alive", "last-modified", "location", "origin", "pragma", "proxy-authenticate", "proxy-authorization",
	"proxy-connection", "range", "referer", "retry-after", "server", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via",
	"www-authenticate", "x-amz-acl", "x-amz-bucket-region", "x-amz-bypass-governance-retention", "x-amz-checksum-algorithm", "x-amz-checksum-crc32",
	"x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme", "x-amz-checksum-mode", "x-amz-checksum-sha1", "x-amz-checksum-sha256",
	"x-amz-checksum-type", "x-amz-content-sha256", "x-amz-copy-source", "x-amz-copy-source-range", "x-amz-copy-source-version-id", "x-amz-date",
	"x-amz-decoded-content-length", "x-amz-delete-marker", "x-amz-expected-bucket-owner", "x-amz-expiration", "x-amz-grant-full-control",
	"x-amz-grant-read", "x-amz-id-2", "x-amz-metadata-directive", "x-amz-mp-parts-count", "x-amz-object-ownership", "x-amz-request-id",
	"x-amz-restore", "x-amz-sdk-checksum-algorithm", "x-amz-security-token", "x-amz-server-side-encryption",
	"x-amz-server-side-encryption-aws-kms-key-id", "x-amz-source-expected-bucket-owner", "x-amz-storage-class", "x-amz-tagging",
	"x-amz-tagging-count", "x-amz-tagging-directive", "x-amz-trailer", "x-amz-user-agent", "x-amz-version-id", "x-amzn-trace-id", "x-forwarded-for",
	"x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip", "x-request-id", "x-sallyport-revision",
}

// lowered gives wire's spelling of net/http's names, canonical the other way.
var lowered, canonical = func() (map[string]string, map[string]string) {
	down := make(map[string]string, len(commonNames))
	up := make(map[string]string, len(commonNames))
	for _, name := range commonNames {
		key := textproto.CanonicalMIMEHeaderKey(name)
		down[key] = name
		up[name] = key
	}
	return down, up
}()

// lower is the name in lower case; ok is false if it is not a token.
func lower(name string) (string, bool) {
	if known, ok := lowered[name]; ok {
		return known, true
	}
	if !wire.IsToken(name) {
		return "", false
	}
	return strings.ToLower(name), true
}
