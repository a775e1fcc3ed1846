package standalone

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// ServeHTTP answers one request. No router stands before it: what would clean
// a path would authorise another key than the client signed.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.HealthPath != "" && r.RequestURI == s.HealthPath {
		s.health(w)
		return
	}
	control := http.NewResponseController(w)
	id := refusal.NewRequestID()
	peer, scheme := client(r, s.TrustedProxies)
	req, refused := nethttp.Request(r, scheme, peer)
	if refused != nil {
		s.write(w, control, refusal.Render(refusal.S3, refused, refusal.Facts{RequestID: id, Head: r.Method == http.MethodHead}))
		return
	}
	if req.Body != nil {
		req.Body = &progressReader{body: req.Body, control: control, limit: s.ReadProgress}
	}
	resp := s.Enforcer.Serve(r.Context(), s.Door, req, id)
	s.write(w, control, resp)
}

func (s *Server) health(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if !s.Ready() {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "not ready\n")
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// buffers are for copying answers.
var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// write sends an answer. An upstream that breaks off in the middle breaks the
// client's connection too: a cut answer must not look whole.
func (s *Server) write(w http.ResponseWriter, control *http.ResponseController, resp *wire.Response) {
	if resp.Body != nil {
		defer resp.Body.Close()
	}
	progress := deadline{limit: s.WriteProgress, set: control.SetWriteDeadline}
	progress.extend()
	nethttp.WriteHeader(w, resp)
	if resp.Body != nil && !s.copyBody(w, control, resp, &progress) {
		return
	}
	// net/http leaves a deadline on the connection for the next request.
	if control.Flush() == nil {
		progress.clear()
	}
}

// copyBody copies the answer's body; false if the client went away.
func (s *Server) copyBody(w http.ResponseWriter, control *http.ResponseController, resp *wire.Response, progress *deadline) bool {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	for {
		n, err := resp.Body.Read(*buffer)
		if n > 0 {
			progress.extend()
			if _, werr := w.Write((*buffer)[:n]); werr != nil {
				return false
			}
			if resp.BodySize < 0 {
				_ = control.Flush()
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return true
		default:
			panic(http.ErrAbortHandler)
		}
	}
}

// progressReader gives each read of a request's body its own time, so that
// what is bounded is the time without progress.
type progressReader struct {
	body     io.ReadCloser
	control  *http.ResponseController
	limit    time.Duration
	progress deadline
}

func (p *progressReader) Read(b []byte) (int, error) {
	if p.progress.set == nil {
		p.progress = deadline{limit: p.limit, set: p.control.SetReadDeadline}
	}
	p.progress.extend()
	n, err := p.body.Read(b)
	if err != nil {
		// What waits for the upstream's answer now is not the client's stall:
		// net/http watches the connection for its end, and takes an expired
		// deadline for one.
		p.progress.clear()
	}
	return n, err
}

func (p *progressReader) Close() error { return p.body.Close() }

// deadline moves a connection's deadline ahead, not more often than a quarter
// of the time it allows: setting one costs a lock in the poller.
type deadline struct {
	limit time.Duration
	set   func(time.Time) error
	last  time.Time
}

func (d *deadline) extend() {
	now := time.Now()
	if now.Sub(d.last) < d.limit/4 {
		return
	}
	d.last = now
	_ = d.set(now.Add(d.limit))
}

func (d *deadline) clear() {
	d.last = time.Time{}
	_ = d.set(time.Time{})
}
