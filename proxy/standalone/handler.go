package standalone

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

// ServeHTTP answers one request. No router stands before it: what would clean
// a path would authorise another key than the client signed.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	// The answer does not wait for a body that nobody asked for, as it would
	// by default; upload.discard bounds what is read of it.
	_ = control.EnableFullDuplex()
	// From here on each read has its own deadline.
	_ = control.SetReadDeadline(time.Time{})
	body := newUpload(r, control, s.ReadProgress)
	var patience time.Duration // none if the answer breaks off
	defer func() { body.discard(patience) }()
	if s.write(w, control, s.answer(r, body), body.unread() || ambiguous(r)) {
		patience = min(s.ReadProgress, unreadPatience)
	}
}

// answer is the answer to a request. It reads the body only through upload.
func (s *Server) answer(r *http.Request, body *upload) *wire.Response {
	if s.HealthPath != "" && r.RequestURI == s.HealthPath {
		return s.health(r.Method)
	}
	id := refusal.NewRequestID()
	peer, scheme, believed := client(r, s.TrustedProxies)
	req, refused := nethttp.Request(r, scheme, peer)
	if refused == nil && believed {
		refused = forwardedHost(req)
	}
	if refused != nil {
		return s.Enforcer.RefuseMalformed(s.Door, r.Method, peer, id, refused)
	}
	req.Port = s.port
	if req.Body != nil {
		req.Body = body
	}
	return s.Enforcer.Serve(r.Context(), s.Door, req, id)
}

func (s *Server) health(method string) *wire.Response {
	status, text := http.StatusOK, "ok\n"
	if !s.Ready() {
		status, text = http.StatusServiceUnavailable, "not ready\n"
	}
	resp := &wire.Response{Status: status, Fields: wire.Fields{
		{Name: "content-type", Value: "text/plain; charset=utf-8"},
		{Name: "content-length", Value: strconv.Itoa(len(text))},
	}}
	if method != http.MethodHead {
		resp.Body, resp.BodySize = io.NopCloser(strings.NewReader(text)), int64(len(text))
	}
	return resp
}

// buffers are for copying answers.
var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// ambiguous tells whether a proxy before us may have seen another end of the
// request than net/http, which drops without a trace a Content-Length beside
// Transfer-Encoding, and a Transfer-Encoding of HTTP/1.0: to one that went by
// what was dropped, the next request begins elsewhere (RFC 9112, sections 6.1
// and 6.3). So there is none on this connection.
func ambiguous(r *http.Request) bool {
	return r.ProtoMajor == 1 && (len(r.TransferEncoding) > 0 || r.ProtoMinor == 0)
}

// write sends an answer. An upstream that breaks off in the middle breaks the
// client's connection too: a cut answer must not look whole. last tells that
// the connection ends with this answer, since the next request on it would
// begin behind the rest of a body, or might. The result is whether all was
// sent.
func (s *Server) write(w http.ResponseWriter, control *http.ResponseController, resp *wire.Response, last bool) bool {
	if resp.Body != nil {
		defer resp.Body.Close()
	}
	if last {
		resp.Fields.Set("connection", "close")
	}
	progress := deadline{limit: s.WriteProgress, set: control.SetWriteDeadline}
	progress.extend()
	nethttp.WriteHeader(w, resp)
	if resp.Body != nil && !s.copyBody(w, control, resp, &progress) {
		return false
	}
	if control.Flush() != nil {
		return false
	}
	// net/http leaves a deadline on the connection for the next request.
	progress.clear()
	return true
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
