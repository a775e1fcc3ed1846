package standalone

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/http1"
	"github.com/sallyport-iam/sallyport/wire/refusal"
	"github.com/sallyport-iam/sallyport/wire/tcp"
)

// received is what an engine received: a request, or why it is none.
type received struct {
	method, target string
	peer           netip.AddrPort
	scheme         string
	request        *wire.Request
	refused        *wire.Refusal
}

// answer is the answer to what was received. No router stands before it: what
// would clean a path would authorise another key than the client signed.
func (s *Server) answer(ctx context.Context, r received) *wire.Response {
	if s.HealthPath != "" && r.target == s.HealthPath {
		return s.health(r.method)
	}
	id := refusal.NewRequestID()
	if r.refused != nil {
		return s.Enforcer.RefuseMalformed(s.Door, r.method, r.peer, id, r.refused)
	}
	return s.Enforcer.Serve(ctx, s.Door, r.request, id)
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

// buffers are for writing answers.
var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// answer sends an answer; false if it was not sent whole: the client went away,
// or the upstream broke off in the middle, and a cut answer must not look whole.
func (c *session) answer(resp *wire.Response, o http1.ResponseOptions) bool {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	o.Now = c.server.Now()
	out := http1.AppendResponse((*buffer)[:0], resp, o)
	if resp.Body == nil || o.Head || resp.Status == http.StatusNoContent || resp.Status == http.StatusNotModified {
		return c.send(out)
	}
	if cap(out)-len(out) < 4<<10 { // beside so large a header there is no room
		if !c.send(out) {
			return false
		}
		out = (*buffer)[:0]
	}
	if resp.BodySize >= 0 {
		return c.sendSized(out, resp.Body, resp.BodySize)
	}
	return c.sendChunks(out, resp.Body, o.Chunked)
}

func (c *session) allowWriting() { c.writing.Allow(c.server.WriteProgress) }

func (c *session) send(p []byte) bool {
	c.allowWriting()
	_, err := c.direct.Write(p)
	return err == nil
}

// sendSized sends a body of a declared size, behind what out holds.
func (c *session) sendSized(out []byte, body io.Reader, left int64) bool {
	passer, _ := body.(tcp.Passer)
	client, plain := c.Conn.(*net.TCPConn)
	for left > 0 {
		if passer != nil && plain && len(out) == 0 && left > int64(cap(out)) {
			n, err := passer.PassTo(client, left, c.allowWriting)
			if left -= n; err != nil {
				return false
			}
			if left == 0 {
				return true
			}
		}
		n, err := body.Read(out[len(out):cap(out)])
		left -= int64(n)
		if left < 0 || err == io.EOF && left > 0 || err != nil && err != io.EOF {
			return false
		}
		if !c.send(out[:len(out)+n]) {
			return false
		}
		out = out[:0]
	}
	return len(out) == 0 || c.send(out)
}

// sendChunks sends a body of unknown size, behind what out holds; in chunks, or
// up to the connection's end.
func (c *session) sendChunks(out []byte, body io.Reader, chunked bool) bool {
	for {
		begin, end := len(out), cap(out)
		if chunked {
			begin, end = begin+http1.MaxChunkHead, end-len(http1.ChunkEnd)-len(http1.LastChunk)
		}
		n, err := body.Read(out[begin:end])
		if err != nil && err != io.EOF {
			return false
		}
		switch {
		case n == 0:
		case chunked:
			out = http1.AppendChunk(out, n)
			out = append(out, out[begin:begin+n]...) // the line is shorter than its room
			out = append(out, http1.ChunkEnd...)
		default:
			out = out[:begin+n]
		}
		if err == io.EOF && chunked {
			out = append(out, http1.LastChunk...)
		}
		if len(out) > 0 && !c.send(out) {
			return false
		}
		if err == io.EOF {
			return true
		}
		out = out[:0]
	}
}
