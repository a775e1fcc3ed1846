package proxy

import (
	"strconv"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
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

// fillRequest fills the condition keys that all accesses of a request share.
// Nothing here copies a name from the request: the keys are this list.
func fillRequest(r *authz.Request, req *wire.Request, route *Route, now time.Time) {
	r.Now = now
	k := &r.Keys
	k.Set("aws:sourceip", req.Peer.Addr().Unmap().WithZone("").String())
	k.Set("aws:securetransport", strconv.FormatBool(req.Scheme == "https"))
	k.Set("aws:requestedregion", route.Regions[0])
	k.Set("aws:viaawsservice", "false")
	if ua, ok := req.Fields.Lookup("user-agent"); ok {
		k.Set("aws:useragent", ua)
	}
	if referer, ok := req.Fields.Lookup("referer"); ok {
		k.Set("aws:referer", referer)
	}
}

// fillAuthentication fills the keys that follow from how an S3 request was
// signed; v is nil for an anonymous one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
func fillAuthentication(r *authz.Request, req *wire.Request, v *sigv4.Verified, now time.Time) {
	k := &r.Keys
	if req.TLS != nil {
		k.Set("s3:tlsversion", tlsVersion(req.TLS.Version))
	}
	if v == nil {
		return
	}
	k.Set("s3:signatureversion", v.Algorithm)
	k.Set("s3:x-amz-content-sha256", v.Payload)
	switch v.Scheme {
	case sigv4.Header:
		k.Set("s3:authtype", authHeader)
	case sigv4.Query:
		k.Set("s3:authtype", authQuery)
		k.Set("s3:signatureage", strconv.FormatInt(now.Sub(v.SignedAt).Milliseconds(), 10))
	}
}

const (
	authHeader    = "REST-HEADER"
	authQuery     = "REST-QUERY-STRING"
	authAnonymous = "anonymous"
)

// tlsVersion writes 0x0304 as 1.3.
func tlsVersion(v uint16) string {
	return "1." + strconv.Itoa(int(v&0xff)-1)
}
