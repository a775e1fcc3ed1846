package policy

import (
	"fmt"
	"unicode/utf8"
)

// AWS's limits on documents. Those of policies that IAM stores count characters
// without white space (Document.Size), the others all of them
// (Document.Length), and that of buckets bytes.
//
// Parse applies the limits that follow from the kind alone. Whether an Identity
// policy is managed by a customer, by AWS (whose own may be larger) or inline,
// and what else is inline beside it, only its loader knows.
const (
	MaxManagedSize     = 6144
	MaxInlineUserSize  = 2048  // of all inline policies together
	MaxInlineGroupSize = 5120  // of all inline policies together
	MaxInlineRoleSize  = 10240 // of all inline policies together

	maxTrustSize      = 4096
	defaultTrustSize  = 2048
	maxSessionSize    = 2048
	maxControlLength  = 5120
	maxEndpointLength = 20480
	maxBucketBytes    = 20 * 1024
)

// sizes measures the text and reports the limits it exceeds.
func (r *reader) sizes(doc *Document, text string) {
	doc.Length = utf8.RuneCountInString(text)
	doc.Size = doc.Length
	for i := range len(text) {
		if c := text[i]; c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			doc.Size--
		}
	}
	switch r.kind {
	case Trust:
		r.limit(doc.Size, maxTrustSize, "characters without white space")
		if doc.Size > defaultTrustSize && doc.Size <= maxTrustSize {
			r.warn(Position{1, 1}, "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", fmt.Sprintf("%d characters are more than an account's default of %d", doc.Size, defaultTrustSize), "shorten it, or have the quota raised in AWS")
		}
	case Session:
		r.limit(doc.Size, maxSessionSize, "characters without white space")
	case SCP, RCP:
		r.limit(doc.Length, maxControlLength, "characters")
	case Endpoint:
		r.limit(doc.Length, maxEndpointLength, "characters")
	case Bucket:
		r.limit(len(text), maxBucketBytes, "bytes")
	}
}

func (r *reader) limit(size, most int, unit string) {
	if size > most {
		r.error(Position{1, 1}, "POLICY_SIZE_EXCEEDS_QUOTA", fmt.Sprintf("a %s of %d %s is larger than AWS's limit of %d", r.kind, size, unit, most), "shorten it, or split it")
	}
}
