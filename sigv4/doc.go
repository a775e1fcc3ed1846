// Package sigv4 answers, from the server's side, whether a request was signed
// with AWS Signature Version 4 by the holder of a key, and signs requests for
// the next hop.
//
// [Recognise] tells how a request claims to be authenticated and refuses what
// has two readings: two schemes at once, half a scheme, a repeated parameter,
// a retired scheme. [Verifier.Verify] checks a header or presigned signature,
// of Signature Version 4 or 4A (AWS4-ECDSA-P256-SHA256); it takes the clock, the endpoint's service and regions and the look-up of
// keys as parameters and reads no body. [NewBody] wraps the body: it verifies
// hash, chunk signatures, trailers and checksums while the bytes pass and
// keeps the last byte (or the final chunk) back until all of them held.
// [Signer.Sign] signs a request exactly as it will go out, on the verifier's
// own canonicaliser. [Verifier.Explain] does what Verify does and tells all that
// is wrong and what the signature was compared with.
//
// A browser's form upload (POST Object) carries its credentials in its body:
// [ReadForm] reads it up to the file, [Verifier.VerifyForm] checks the
// signature over its POST policy and the form against the policy, and
// [PostForm.Body] streams the file.
//
// # What is hashed
//
// The verifier looks at the bytes that arrived and at nothing derived from
// them: raw path, raw query, fields in order of arrival. Two spellings of a
// path are accepted, the raw one and the one decoded and encoded again by AWS's
// rules; both name the same key. So are two of a host, if a port goes without
// saying: see [wire.Request.OtherHost]. The others are tried when the request as
// sent has failed.
//
// Services other than Amazon S3 encode the path twice, and a path with dot
// segments or empty segments is refused for them instead of being normalised:
// what was signed and what a router then finds need not be the same, and no
// client has to send such a path. Of the 38 cases of the test suite that AWS
// publishes, 23 are accepted. Refused are the twelve with such paths, and three
// that sign raw bytes which no request target can hold.
//
// # What must be signed
//
// The host; every x-amz-* field that arrived, but for x-amz-content-sha256,
// whose value is the last line of the canonical request anyway; content-md5;
// and the field the date is taken from. Other fields may come unsigned, as
// Amazon S3 permits: callers decide on the value they forward.
//
// # Signature Version 4A
//
// The algorithm is read once, from what carries the credentials; the scope, the
// payload line and the chunks must be of the same. Its key pair is derived from
// the secret, and the public half alone is kept. The region set must name one
// of the endpoint's regions. Signatures are ASN.1 DER in lower-case digits, which
// spell one in one way; but ECDSA has two for each text, and both verify: what
// must tell requests apart is not the signature.
//
// # Refusals
//
// All refusals are [wire.Refusal] values with the code, status, text and extra
// elements that Amazon S3 answers with. A SignatureDoesNotMatch shows the
// canonical request and the string to sign as computed from what the client
// sent; it never shows the signature that would have matched.
//
// Verifiers and Signers are safe for concurrent use; a Body is for one reader,
// and may be closed while it is being read.
package sigv4
