package proxy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/sigv4"
)

// Keys are the condition keys that the enforcement point fills for every
// request, whatever the service, in lower case: those of the connection, the
// client and the clock.
func Keys() []string {
	return []string{
		"aws:currenttime", "aws:epochtime", "aws:referer", "aws:requestedregion",
		"aws:securetransport", "aws:sourceip", "aws:useragent", "aws:viaawsservice",
	}
}

// SignatureKeys are the condition keys of S3 that follow from how a request was
// signed and sent, in lower case.
// https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
func SignatureKeys() []string {
	return []string{
		"s3:authtype", "s3:signatureage", "s3:signatureversion", "s3:tlsversion", "s3:x-amz-content-sha256",
	}
}

// bucketTags are the namespaces of a bucket's tags. AWS has them where a bucket
// is enabled for access control by attributes; here, where the bundle has tags.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html
var bucketTags = [...]string{"aws:resourcetag", "s3:buckettag"}

// FillsBucketTag tells whether a condition key (in lower case) is one that
// accesses of an action have from the tags of a bucket.
func FillsBucketTag(action, key string) bool {
	namespace, tag, found := strings.Cut(key, "/")
	return found && tag != "" && slices.Contains(bucketTags[:], namespace) && strings.HasPrefix(action, "s3:") && hasBucketTags(action)
}

// hasBucketTags leaves out what is asked of no bucket, or before there is one.
func hasBucketTags(action string) bool {
	return action != "s3:ListAllMyBuckets" && action != "s3:CreateBucket"
}

// FillBucket adds to an access what the bundle says of its bucket: the policy and
// the condition keys of the tags. An access to no bucket stays as it is.
func FillBucket(a *authz.Access, snapshot *bundle.Snapshot) {
	bucket, ok := bucketOf(a.Resource)
	if !ok {
		return
	}
	b := snapshot.Bucket(bucket)
	if b == nil {
		return
	}
	a.Policy = b.Policy
	if !hasBucketTags(a.Action) {
		return
	}
	for _, tag := range b.Tags {
		for _, namespace := range bucketTags {
			a.Keys.SetTag(namespace, tag.Key, tag.Value)
		}
	}
}

// The keys that requests have for what Keys and SignatureKeys tell.
var (
	keySourceIP         = authz.NewName("aws:sourceip")
	keySecureTransport  = authz.NewName("aws:securetransport")
	keyRequestedRegion  = authz.NewName("aws:requestedregion")
	keyViaAWSService    = authz.NewName("aws:viaawsservice")
	keyUserAgent        = authz.NewName("aws:useragent")
	keyReferer          = authz.NewName("aws:referer")
	keyTLSVersion       = authz.NewName("s3:tlsversion")
	keySignatureVersion = authz.NewName("s3:signatureversion")
	keyContentSHA256    = authz.NewName("s3:x-amz-content-sha256")
	keyAuthType         = authz.NewName("s3:authtype")
	keySignatureAge     = authz.NewName("s3:signatureage")
)

// requestKeys is how many keys most requests have.
const requestKeys = 9

// fillRequest fills the condition keys that all accesses of a request share, once.
// Nothing here copies a name from the request: the keys are this list.
func (v *Verdict) fillRequest() {
	if v.filled {
		return
	}
	v.filled = true
	req := v.Request
	v.request.Now = v.now
	k := &v.request.Keys
	k.Grow(requestKeys)
	k.SetName(keySourceIP, v.source())
	k.SetName(keySecureTransport, strconv.FormatBool(req.Scheme == "https"))
	k.SetName(keyRequestedRegion, v.Route.Regions[0])
	k.SetName(keyViaAWSService, "false")
	if agent, ok := req.Fields.Lookup("user-agent"); ok {
		k.SetName(keyUserAgent, agent)
	}
	if from, ok := req.Fields.Lookup("referer"); ok {
		k.SetName(keyReferer, from)
	}
}

// fillAuthentication fills the keys that follow from how the caller was established.
// Those of Amazon S3 are about signatures: an anonymous request has none of them. A
// bearer token stands in a header as a signature does, and signs nothing.
// https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
func (v *Verdict) fillAuthentication() {
	k := &v.request.Keys
	if tls := v.Request.TLS; tls != nil {
		k.SetName(keyTLSVersion, tlsVersion(tls.Version))
	}
	if v.session != nil {
		v.session.FillRequest(k, v.now)
	}
	signed := v.verified
	if signed == nil {
		if v.method == authBearer {
			k.SetName(keyAuthType, authHeader)
			k.SetName(keyContentSHA256, unsignedPayload)
		}
		return
	}
	k.SetName(keySignatureVersion, signed.Algorithm)
	k.SetName(keyContentSHA256, signed.Payload)
	k.SetName(keyAuthType, v.method)
	if signed.Scheme != sigv4.Header {
		k.SetName(keySignatureAge, strconv.FormatInt(v.now.Sub(signed.SignedAt).Milliseconds(), 10))
	}
}

// unsignedPayload is what x-amz-content-sha256 says of a body that nothing signs.
const unsignedPayload = "UNSIGNED-PAYLOAD"

// tlsVersion writes 0x0304 as 1.3.
func tlsVersion(v uint16) string {
	return "1." + strconv.Itoa(int(v&0xff)-1)
}
