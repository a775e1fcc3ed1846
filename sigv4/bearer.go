package sigv4

import (
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// bearer is the word of an Authorization field with a bearer token.
// https://www.rfc-editor.org/rfc/rfc6750#section-2.1
const bearer = "Bearer"

// HasBearer tells whether the Authorization field of a request, or the first one of
// several, announces a bearer token. Recognise tells whether that is the only
// scheme of the request.
func HasBearer(req *wire.Request) bool {
	value := req.Fields.Get("authorization")
	return len(value) > len(bearer) && value[len(bearer)] == ' ' && strings.EqualFold(value[:len(bearer)], bearer)
}

// BearerToken is the token of a request whose Scheme is Bearer; empty of any
// other. It is a secret.
func BearerToken(req *wire.Request) string {
	if !HasBearer(req) {
		return ""
	}
	return req.Fields.Get("authorization")[len(bearer)+1:]
}

// refuseBeside refuses a token of a session beside a bearer token: each would be
// somebody.
func refuseBeside(req *wire.Request) *wire.Refusal {
	for _, name := range [...]string{"x-amz-security-token", "x-amz-s3session-token"} {
		if req.Fields.Count(name) > 0 {
			return errTwoMechanisms()
		}
	}
	return nil
}

// ClaimedService is the service that a request claims to be signed for, by its
// Authorization field or as a presigned URL; empty if it claims none that can be
// read. Nothing of it is verified, and it may be ambiguous: it serves to choose
// whose verification to ask for.
func ClaimedService(req *wire.Request) string { return scopeService(claimedCredential(req)) }

// ClaimedAccessKeyID is the access key id that a request claims to be signed with,
// found as ClaimedService finds the service.
func ClaimedAccessKeyID(req *wire.Request) string {
	id, _, _ := strings.Cut(claimedCredential(req), "/")
	return id
}

// claimedCredential is an access key id and a scope, if a request claims any.
func claimedCredential(req *wire.Request) string {
	if value, ok := req.Fields.Lookup("authorization"); ok {
		_, credential, _ := strings.Cut(value, "Credential=")
		credential, _, _ = strings.Cut(credential, ",")
		return strings.TrimRight(credential, " ")
	}
	for i := range req.Query {
		if p := &req.Query[i]; p.Name == "X-Amz-Credential" {
			return p.Value
		}
	}
	return ""
}

// scopeService is the service in a credential scope: what comes before the last
// part, with a region or without one.
func scopeService(credential string) string {
	end := strings.LastIndexByte(credential, '/')
	if end < 0 {
		return ""
	}
	return credential[strings.LastIndexByte(credential[:end], '/')+1 : end]
}
