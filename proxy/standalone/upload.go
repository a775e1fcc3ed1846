package standalone

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// unreadPatience is how long a client may go on sending a body that its
	// answer did not wait for: many read the answer only after they have sent
	// everything, and would find their connection reset.
	unreadPatience = time.Second
	// maxUnread is how much of it, in bytes.
	maxUnread = 64 << 20
)

var errAnswered = errors.New("the request has been answered")

// upload is the body of a request. Each read has its own time, so that what is
// bounded is the time without progress. An upstream that answered early may
// leave a Read behind: after discard none touches the connection.
type upload struct {
	body    io.ReadCloser
	control *http.ResponseController
	// persistent tells that what is left of the body stands before the next
	// request on the connection. HTTP/2 resets the stream instead.
	persistent bool

	mu       sync.Mutex
	progress deadline
	whole    bool
	answered bool
}

// newUpload is the body of r; nil if it has none.
func newUpload(r *http.Request, control *http.ResponseController, limit time.Duration) *upload {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	return &upload{
		body: r.Body, control: control, persistent: r.ProtoMajor == 1,
		progress: deadline{limit: limit, set: control.SetReadDeadline},
	}
}

// Read reads from the client.
func (u *upload) Read(b []byte) (int, error) {
	if !u.begin() {
		return 0, errAnswered
	}
	n, err := u.body.Read(b)
	if err != nil {
		u.ended(err)
	}
	return n, err
}

func (u *upload) begin() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.answered {
		u.progress.extend()
	}
	return !u.answered
}

func (u *upload) ended(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.whole = u.whole || err == io.EOF
	if !u.answered {
		// What waits for the upstream's answer now is not the client's stall:
		// net/http watches the connection for its end, and takes an expired
		// deadline for one.
		u.progress.clear()
	}
}

// Close closes the body as the handler has it; net/http ends it afterwards.
func (u *upload) Close() error { return nil }

// unread tells that the connection cannot serve another request unless more of
// the body is read.
func (u *upload) unread() bool {
	if u == nil || !u.persistent {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.whole
}

// discard ends the body after the answer: what is left of it is read for as
// long as patience lasts. The deadline stays: net/http reads on when the
// handler returns, and without a deadline for as long as the client likes.
func (u *upload) discard(patience time.Duration) {
	if u == nil {
		return
	}
	u.mu.Lock()
	u.answered = true
	rest := u.persistent && !u.whole
	if rest {
		_ = u.control.SetReadDeadline(time.Now().Add(patience))
	}
	u.mu.Unlock()
	if rest {
		_, _ = io.CopyN(io.Discard, u.body, maxUnread)
	}
}
