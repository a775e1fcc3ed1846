package sigv4

import (
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// Parameters of a presigned request; their names are compared with case.
const (
	hasAlgorithm = 1 << iota
	hasCredential
	hasDate
	hasExpires
	hasSignedHeaders
	hasSignature
	hasToken
	hasSessionToken
	hasRegionSet
	hasContentSHA256

	hasAllSix = hasAlgorithm | hasCredential | hasDate | hasExpires | hasSignedHeaders | hasSignature
)

// queryCredentials are the authentication parameters of a query, decoded.
type queryCredentials struct {
	present  int
	v2       bool // AWSAccessKeyId or Signature
	misspelt bool // an authentication parameter in another case

	algorithm, credential, date, expires, signedHeaders, signature, token, regionSet, contentSHA256 string
}

// maxAmzParams bounds the x-amz-* parameters of one query, which are compared
// with one another.
const maxAmzParams = 128

// readQueryCredentials finds the authentication parameters and refuses
// x-amz-* parameters that come twice, in whatever case.
func readQueryCredentials(query wire.Query) (queryCredentials, *wire.Refusal) {
	var c queryCredentials
	if len(query) == 0 {
		return c, nil
	}
	var seen [maxAmzParams]int
	count := 0
	for i := range query {
		name := query[i].Name
		if !hasAmzPrefix(name) {
			if isV2Param(name) {
				c.v2 = true
			}
			continue
		}
		if count == maxAmzParams {
			return c, errTooManyAmzParams()
		}
		for _, j := range seen[:count] {
			if strings.EqualFold(name, query[j].Name) {
				return c, errRepeatedParam(name)
			}
		}
		seen[count] = i
		count++
		c.take(name, query[i].Value)
	}
	return c, nil
}

func (c *queryCredentials) take(name, value string) {
	switch name {
	case "X-Amz-Algorithm":
		c.present, c.algorithm = c.present|hasAlgorithm, value
	case "X-Amz-Credential":
		c.present, c.credential = c.present|hasCredential, value
	case "X-Amz-Date":
		c.present, c.date = c.present|hasDate, value
	case "X-Amz-Expires":
		c.present, c.expires = c.present|hasExpires, value
	case "X-Amz-SignedHeaders":
		c.present, c.signedHeaders = c.present|hasSignedHeaders, value
	case "X-Amz-Signature":
		c.present, c.signature = c.present|hasSignature, value
	case "X-Amz-Security-Token":
		c.present, c.token = c.present|hasToken, value
	case "X-Amz-S3session-Token":
		c.present |= hasSessionToken
	case "X-Amz-Region-Set":
		c.present, c.regionSet = c.present|hasRegionSet, value
	case "X-Amz-Content-Sha256", "x-amz-content-sha256":
		// Presigners that move all fields into the query keep the field's case.
		c.present, c.contentSHA256 = c.present|hasContentSHA256, value
	default:
		c.misspelt = c.misspelt || IsAuthParam(name)
	}
}

// IsAuthParam tells whether a query parameter, by its decoded name, belongs to
// the authentication of a request: of Signature Version 4 in any case, or of
// Signature Version 2. Such a parameter never has the meaning of a field moved
// into the query, and never goes to the next hop.
func IsAuthParam(name string) bool {
	if !hasAmzPrefix(name) {
		return isV2Param(name)
	}
	for _, known := range [...]string{
		"algorithm", "credential", "date", "expires", "signedheaders", "signature",
		"security-token", "s3session-token", "region-set", "content-sha256",
	} {
		if strings.EqualFold(name[len("x-amz-"):], known) {
			return true
		}
	}
	return false
}

// isV2Param leaves "Expires" out: it means nothing without the other two.
func isV2Param(name string) bool { return name == "AWSAccessKeyId" || name == "Signature" }

func hasAmzPrefix(name string) bool {
	const prefix = "x-amz-"
	return len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}
