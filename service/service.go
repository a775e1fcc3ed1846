// Package service is what Sallyport answers itself: upstreams inside the process,
// behind the same enforcement as any other. A service decides nothing: what
// reaches it was authenticated, mapped, decided, and will be recorded.
package service

import (
	"context"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

// Service answers requests. It is safe for concurrent use.
type Service interface {
	Answer(ctx context.Context, call *Call) (*wire.Response, *wire.Refusal)
}

// Call is a request that was let through.
type Call struct {
	// Operation is what it asks for; its Mapper holds what the mapper read.
	Operation *action.Operation
	// Caller is who asks, AccessKeyID with which key, and Session the session that
	// the key is of; nil for a long-term one.
	Caller      *authz.Caller
	AccessKeyID string
	Session     *session.Session
	// Grant is what the caller may become, where it asks for that; else nil.
	Grant *session.Grant
	// Snapshot is the one that decided.
	Snapshot *bundle.Snapshot
	// Now is the request's one clock reading.
	Now       time.Time
	RequestID string

	// Issued is what the service issued, for the record: it sets this.
	Issued Issued
}

// Issued is what is recorded of credentials that were issued. It holds no secret.
type Issued struct {
	// AccessKeyID is theirs; empty if none were issued.
	AccessKeyID string
	// ARN and ID are the principal's, as the answer has them.
	ARN, ID string
	Expires time.Time
}
