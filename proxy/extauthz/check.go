package extauthz

import (
	"sync"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/extauthz/checkpb"
	"github.com/sallyport-iam/sallyport/wire"
)

// check is one question, and what it takes to answer it. It belongs to the one
// goroutine that answers, from newCheck to release: what outlives it (a record, a
// cache, what the limiter knows) has texts of the question and values of its own.
// The bytes of a question are never used again.
type check struct {
	question question
	id       string
	asked    checkpb.Request
	request  wire.Request
	decided  proxy.Authorization
	response checkpb.Response
	// late tells that the time was over, or the client gone, when it was decided.
	late bool
}

var checks = sync.Pool{New: func() any { return new(check) }}

// maxPooled bounds what a check may hold between questions, in headers.
const maxPooled = 128

// newCheck is a check as new.
func newCheck() *check {
	c := checks.Get().(*check)
	c.cleanse()
	return c
}

// release gives a check back, unless somebody may still refer to what is in it, or
// it is too large to keep.
func (c *check) release() {
	fits := cap(c.asked.Raw) <= maxPooled && cap(c.asked.Merged) <= maxPooled && cap(c.response.Headers) <= maxPooled
	if !fits || c.late || c.decided.Panicked() {
		return
	}
	c.clear()
	c.poison()
	checks.Put(c)
}

// clear overwrites all that is of a question, and keeps arrays.
func (c *check) clear() {
	c.asked.Reset()
	c.decided.Reset()
	c.response.Reset()
	c.request.Fields = nil // they are in an array of asked
	c.request.Empty()
	c.question, c.id, c.late = "", "", false
}
