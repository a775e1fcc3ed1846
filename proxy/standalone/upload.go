package standalone

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-iam/sallyport/wire/http1"
	"github.com/sallyport-iam/sallyport/wire/tcp"
)

const (
	// unreadPatience is how long a client may go on sending what its answer did
	// not wait for: many read the answer only after they have sent everything, and
	// would find their connection reset.
	unreadPatience = time.Second
	// maxUnread is how much of it, in bytes.
	maxUnread = 64 << 20
)

var errAnswered = errors.New("the request has been answered")

// upload is the body of a request. Each read has its own time, so that what is
// bounded is the time without progress. An upstream that answered early may
// leave a Read behind, which ends with the connection.
type upload struct {
	session *session
	// reading is held while the body is read.
	reading sync.Mutex
	body    http1.Body
	whole   atomic.Bool

	// mu is held to ask for the body, and to begin the answer: no interim answer
	// comes behind it.
	mu    sync.Mutex
	asks  bool // the client waits to be asked
	ended bool // the answer has begun
}

// newUpload is the body of a request; nil if it has none.
func newUpload(c *session, head *http1.Request) *upload {
	if head.Length == 0 {
		return nil
	}
	return &upload{session: c, body: c.reader.Body(head), asks: head.Continue}
}

// Read reads from the client.
func (u *upload) Read(p []byte) (int, error) {
	u.reading.Lock()
	defer u.reading.Unlock()
	if err := u.begin(); err != nil {
		return 0, err
	}
	n, err := u.body.Read(p)
	if u.body.Whole() {
		u.whole.Store(true)
	}
	return n, err
}

// PassTo moves what it can of the body straight to the store's connection; see
// tcp.Passer.
func (u *upload) PassTo(store *net.TCPConn, most int64, allow func()) (int64, error) {
	u.reading.Lock()
	defer u.reading.Unlock()
	client, ok := u.session.Conn.(*net.TCPConn)
	if most = min(most, u.body.Left()); !ok || most == 0 {
		return 0, nil
	}
	moved, err := tcp.Move(store, client, most, func() error {
		allow()
		return u.begin()
	})
	u.body.Passed(moved, err)
	if u.body.Whole() {
		u.whole.Store(true)
	}
	return moved, err
}

// begin asks for the body, once.
func (u *upload) begin() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return errAnswered
	}
	if u.asks {
		u.asks = false
		if !u.session.send([]byte(http1.Continue)) {
			return io.ErrClosedPipe
		}
	}
	if !u.whole.Load() {
		u.session.reading.Allow(u.session.server.ReadProgress)
	}
	return nil
}

// Close does nothing: what is left of the body is the session's to end.
func (u *upload) Close() error { return nil }

// answered tells that the answer begins. The result is whether the connection
// ends with it, since what is left of the body stands before the next request:
// unless all of it came with the header, as that of a small object does.
func (u *upload) answered() (unread bool) {
	if u == nil {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended = true
	if !u.whole.Load() && u.reading.TryLock() {
		defer u.reading.Unlock()
		if u.body.Skip() {
			u.whole.Store(true)
		}
	}
	return !u.whole.Load()
}
