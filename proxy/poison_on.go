//go:build poison

package proxy

import (
	"strconv"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// poison makes a Verdict that was given back one that nobody can mistake for
// theirs: what still refers to it shows in tests that are built with the tag poison.
func (v *Verdict) poison() {
	const poison = "poisoned: the verdict was given back"
	keys := v.request.Keys
	for range 16 { // over those of the request
		keys.Set(poison+strconv.Itoa(keys.Len()), poison)
	}
	refusal := &wire.Refusal{Status: 599, Code: poison, Message: poison, Cause: poison}
	caller := &authz.Caller{ARN: poison, ID: poison, Account: poison}
	*v = Verdict{
		Refusal: refusal, Operation: action.Operation{Name: poison, Bucket: poison, Key: poison},
		Request: &wire.Request{Method: poison, Host: poison, Path: poison}, Payload: poison,
		received: &wire.Request{Method: poison, Host: poison, Path: poison},
		id:       poison, now: time.Unix(0, 0), caller: caller, keys: snapshotKeys{caller: caller},
		signed: sigv4.Verified{AccessKeyID: poison}, method: poison, session: &session.Session{Caller: caller},
		sourceIP: poison, upstreamRequestID: poison, accesses: []audit.Access{{Action: poison, Resource: poison}},
		request: authz.Request{Keys: keys}, denial: *refusal,
	}
	v.verified = &v.signed
}

// cleanse makes what is poisoned as new.
func (v *Verdict) cleanse() { v.reset() }
