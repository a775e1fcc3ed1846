package standalone

import (
	"net/http"
	"sync"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/http1"
)

// turn is the memory for one request of a session. Nobody holds the request once
// its answer was sent.
type turn struct {
	head    http1.Request
	request wire.Request
}

var turns = sync.Pool{New: func() any { return new(turn) }}

// end gives the memory of a request and of its answer back. It is only called
// where the connection could go on: the answer was sent whole, and of the request
// nothing is left to be read. Behind a failure it is not certain that nobody
// still holds the request, which may have panicked or been cancelled.
func (t *turn) end(resp *wire.Response) {
	failed := resp.Status >= http.StatusInternalServerError && !resp.Untried
	free(resp)
	if failed {
		return
	}
	t.request.Fields = nil // they are in the array of head
	t.request.Empty()
	t.head.Empty()
	turns.Put(t)
}

// free gives the memory of an answer back: from here on it is another's.
func free(resp *wire.Response) {
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	if resp.Free != nil {
		resp.Free()
	}
}
