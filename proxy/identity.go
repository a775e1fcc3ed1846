package proxy

import (
	"slices"

	"github.com/sallyport-iam/sallyport/wire"
)

// IdentityPrefix begins the names of the header fields that tell an upstream who
// asks. Those that a client sends never reach one.
const IdentityPrefix = "x-sallyport-"

// The identity fields.
const (
	IdentityPrincipal = IdentityPrefix + "principal"
	IdentityAccount   = IdentityPrefix + "account"
	IdentityRequestID = IdentityPrefix + "request-id"
	IdentityRevision  = IdentityPrefix + "revision"
)

// IdentityFields are the names of the identity fields.
var IdentityFields = [...]string{IdentityPrincipal, IdentityAccount, IdentityRequestID, IdentityRevision}

// Identifies tells whether a field's name, in lower case, begins with
// IdentityPrefix, or with what a server that turns names into variables takes for
// it: there "_" or "." is the same as "-".
func Identifies(name string) bool {
	if len(name) < len(IdentityPrefix) {
		return false
	}
	for i := range len(IdentityPrefix) {
		if c := name[i]; c != IdentityPrefix[i] && (IdentityPrefix[i] != '-' || c != '_' && c != '.') {
			return false
		}
	}
	return true
}

// Identify puts into the request for the upstream who asks and what decided, in
// the place of any identity fields that the client sent; id is that of the
// decision. An anonymous caller has no account. There must be no Answer.
func (a *Authorization) Identify(id string) {
	fields := &a.Request.Fields
	*fields = slices.DeleteFunc(*fields, func(f wire.Field) bool { return Identifies(f.Name) })
	fields.Add(IdentityPrincipal, a.Caller.ARN)
	if a.Caller.Account != "" {
		fields.Add(IdentityAccount, a.Caller.Account)
	}
	fields.Add(IdentityRequestID, id)
	fields.Add(IdentityRevision, a.Revision)
}
