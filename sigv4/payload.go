package sigv4

import "strings"

// payloadMode is what a value of x-amz-content-sha256 says about the body.
type payloadMode uint8

const (
	payloadInvalid         payloadMode = iota
	payloadHashed                      // the body's SHA-256 in hex
	payloadUnsigned                    // UNSIGNED-PAYLOAD
	payloadSignedChunks                // STREAMING-AWS4-…-PAYLOAD, of either algorithm
	payloadSignedTrailer               // STREAMING-AWS4-…-PAYLOAD-TRAILER, of either algorithm
	payloadUnsignedTrailer             // STREAMING-UNSIGNED-PAYLOAD-TRAILER
)

const (
	unsignedPayload  = "UNSIGNED-PAYLOAD"
	unsignedTrailer  = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	signedChunks     = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	signedTrailer    = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	ecdsaChunks      = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
	ecdsaTrailer     = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
	emptyPayloadHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// payloadModeOf reads a value of x-amz-content-sha256; the words have one
// spelling, a hash may be in either case.
func payloadModeOf(value string) payloadMode {
	switch value {
	case unsignedPayload:
		return payloadUnsigned
	case unsignedTrailer:
		return payloadUnsignedTrailer
	case signedChunks, ecdsaChunks:
		return payloadSignedChunks
	case signedTrailer, ecdsaTrailer:
		return payloadSignedTrailer
	}
	if len(value) != len(emptyPayloadHash) {
		return payloadInvalid
	}
	for i := range len(value) {
		c := value[i]
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return payloadInvalid
		}
	}
	return payloadHashed
}

// streaming tells whether the body is aws-chunked.
func (m payloadMode) streaming() bool { return m >= payloadSignedChunks }

// chunksAgree tells whether the chunks that a value announces are signed with
// the algorithm of the request, or not at all.
func chunksAgree(value string, a algorithm) bool {
	switch value {
	case signedChunks, signedTrailer:
		return a == hmacSHA256
	case ecdsaChunks, ecdsaTrailer:
		return a == ecdsaP256
	}
	return true
}

// EmptyPayload is the payload line of a request without a body.
const EmptyPayload = emptyPayloadHash

// isS3 tells whether a service is of the S3 family: its paths are encoded
// once and never normalised, and x-amz-content-sha256 is required.
func isS3(service string) bool {
	switch service {
	case "s3", "s3express", "s3-outposts", "s3-object-lambda":
		return true
	}
	return false
}

// isNormal tells whether removing dot segments and empty segments would leave
// the decoded path as it is.
func isNormal(path string) bool {
	rest := strings.TrimPrefix(path, "/")
	for rest != "" {
		segment, after, more := strings.Cut(rest, "/")
		if segment == "." || segment == ".." || segment == "" && more {
			return false
		}
		rest = after
	}
	return true
}
