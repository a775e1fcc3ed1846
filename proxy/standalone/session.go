package standalone

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/proxy/certificate"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/http1"
	"github.com/sallyport-iam/sallyport/wire/refusal"
	"github.com/sallyport-iam/sallyport/wire/tcp"
)

// session is a connection over which a client sends requests in HTTP/1.1, one
// after the other.
type session struct {
	server   *Server
	net.Conn             // what is read and written
	below    net.Conn    // the connection as it was accepted: the same, but for TLS
	raw      net.Conn    // without what read a PROXY header
	leave    func()      // makes room for another connection; once
	direct   *tcp.Direct // Conn, read and written without detours
	reader   *http1.Reader
	// settled tells that no request is under way, nor is anything left of one.
	settled bool
	peer    netip.AddrPort
	tls     *wire.TLS
	// certificate is the client's; nil if it has shown none.
	certificate *wire.Certificate

	reading, writing tcp.Deadline
	client           *presence // how long requests are worth answering
	state            atomic.Int32
	// turn counts the requests, watched is the one that glance saw last.
	turn, watched atomic.Int64
	sight         tcp.Peek
}

// States of a session.
const (
	waiting int32 = iota // for a request
	busy                 // with one
	over
)

// open makes the session of a connection. It is known from then on, so that the
// door does not end before it.
func (s *Server) open(conn net.Conn) *session {
	leave := sync.OnceFunc(s.sessions.leave)
	if s.tls != nil {
		conn = &leaving{conn, leave} // whichever engine closes it
	}
	c := &session{server: s, Conn: conn, below: conn, raw: unwrap(conn), leave: leave}
	c.client = newPresence()
	c.sight.Init(c.raw)
	c.reading.Set, c.writing.Set = conn.SetReadDeadline, conn.SetWriteDeadline
	s.sessions.add(c)
	return c
}

// serve serves the connection to its end.
func (c *session) serve() {
	s, conn := c.server, c.below
	kept := false // by HTTP/2
	defer func() {
		if p := recover(); p != nil {
			s.Logger.Error("a panic ended a connection", zap.String("door", s.Door.Name), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			c.abort()
		}
		c.client.end()
		s.sessions.remove(c)
		if !kept {
			_ = c.Close()
			c.leave()
		}
	}()
	if s.draining.Load() { // closeIdle has not seen it
		return
	}
	c.reading.Allow(s.HeaderTimeout)
	peer, err := netip.ParseAddrPort(conn.RemoteAddr().String()) // which waits for a PROXY header
	if err != nil {
		return
	}
	c.peer = peer
	if s.tls != nil && !c.secure() {
		return
	}
	if c.tls != nil && c.Conn.(*tls.Conn).ConnectionState().NegotiatedProtocol == "h2" {
		_ = conn.SetDeadline(time.Time{})
		kept = s.handover.give(c.Conn.(*tls.Conn))
		return
	}
	c.direct = tcp.NewDirect(c.Conn)
	c.reader = http1.NewReader(c.direct)
	c.settled = true
	// With less in use while it waits, each collection of garbage would halve the
	// stack, and the next request would have it grow again, and be copied.
	var room [256]byte
	for c.next() {
	}
	runtime.KeepAlive(&room)
	if c.settled {
		c.reader.Free()
	}
}

// leaving is a connection whose end makes room for another.
type leaving struct {
	net.Conn
	leave func()
}

// Close closes the connection.
func (l *leaving) Close() error {
	defer l.leave()
	return l.Conn.Close()
}

// unwrap is the connection that was accepted, below what read a PROXY header.
func unwrap(conn net.Conn) net.Conn {
	if l, ok := conn.(*leaving); ok {
		conn = l.Conn
	}
	if p, ok := conn.(interface{ Raw() net.Conn }); ok {
		return p.Raw()
	}
	return conn
}

// secure shakes hands.
func (c *session) secure() bool {
	s := c.server
	secured := tls.Server(c.below, s.tls)
	c.writing.Allow(s.HeaderTimeout)
	if err := secured.HandshakeContext(c.client); err != nil {
		if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok && plain.Conn != nil && looksLikeHTTP(plain.RecordHeader) {
			_, _ = io.WriteString(plain.Conn, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 49\r\n\r\nThis door speaks TLS: use an https:// endpoint.\r\n")
			c.farewell()
		}
		s.Logger.Debug("TLS handshake failed", zap.String("door", s.Door.Name), zap.Error(err))
		return false
	}
	state := secured.ConnectionState()
	c.Conn, c.tls = secured, &wire.TLS{Version: state.Version, ServerName: state.ServerName}
	c.certificate = s.clientCertificate(&state, c.peer)
	return true
}

// clientCertificate is the verified certificate of a connection's client. That of a
// trusted proxy is not: the proxy's clients are others.
func (s *Server) clientCertificate(state *tls.ConnectionState, peer netip.AddrPort) *wire.Certificate {
	if s.ClientCAs == nil || contains(s.TrustedProxies, peer.Addr()) {
		return nil
	}
	return certificate.Client(state)
}

// looksLikeHTTP tells whether what should be TLS begins as a request does.
func looksLikeHTTP(begin [5]byte) bool {
	switch string(begin[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "DELET", "OPTIO":
		return true
	}
	return false
}

// next serves the next request; false if the connection ends.
func (c *session) next() bool {
	s := c.server
	if c.turn.Load() > 0 {
		c.reading.Allow(s.IdleTimeout)
	}
	if c.reader.Await() != nil || !c.state.CompareAndSwap(waiting, busy) {
		return false
	}
	if !c.reader.HasHead() {
		c.reading.Allow(s.HeaderTimeout)
	}
	t := turns.Get().(*turn)
	err := c.reader.Request(&t.head, s.MaxHeader)
	c.turn.Add(1)
	if err != nil {
		turns.Put(t) // nothing is in it
		c.refuse(err)
		return false
	}
	return c.exchange(t) && c.state.CompareAndSwap(busy, waiting) && !s.draining.Load()
}

// refuse answers what is no request. What the client still sends is taken for a
// while, or it would lose the answer.
func (c *session) refuse(err error) {
	refused, ok := errors.AsType[*wire.Refusal](err)
	if !ok {
		return // the connection ended, or the time for a header
	}
	id := refusal.NewRequestID()
	resp := c.server.Enforcer.RefuseMalformed(c.server.Door, "", c.peer, id, refused)
	defer free(resp) // which nobody else has seen
	if c.answer(resp, http1.ResponseOptions{Last: true}) {
		c.farewell()
	}
}

// farewell ends the connection for a client that may still be sending, be it a
// body that the answer did not wait for or the next request: it reads on for a
// while, since data that nobody read turns the end into a reset, which takes
// answers away from the client. A Read that was left behind ends meanwhile.
func (c *session) farewell() {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = c.below.SetReadDeadline(time.Now().Add(min(c.server.ReadProgress, unreadPatience)))
	_, _ = io.CopyN(io.Discard, c.Conn, maxUnread)
}

// abort resets the connection: what was sent of an answer must not look whole.
func (c *session) abort() {
	tcp.SetLinger(c.raw, 0)
	_ = c.raw.Close()
}

// glance cancels a request that has been under way for a while if its client has
// gone. One whose body is being read notices by itself.
func (c *session) glance() {
	turn := c.turn.Load()
	if c.state.Load() != busy || c.watched.Swap(turn) != turn {
		return
	}
	switch c.sight.Look() {
	case tcp.End:
		c.client.end()
	case tcp.LastBytes:
		if c.server.tls != nil { // TLS says that this is the end
			c.client.end()
		}
	}
}

// exchange answers a request; false if the connection ends with it.
func (c *session) exchange(t *turn) bool {
	s, head := c.server, &t.head
	c.settled = false
	body := newUpload(c, head)
	last := head.Last
	resp := s.answer(c.client, c.request(t, body))
	defer func() {
		if c.settled {
			t.end(resp)
		} else if resp.Body != nil {
			_ = resp.Body.Close()
		}
	}()
	unread := body.answered()
	last = unread || last || s.draining.Load() || resp.Fields.Get("connection") == "close"
	chunked := head.Minor > 0
	last = last || !chunked && resp.Body != nil && resp.BodySize < 0
	whole := c.answer(resp, http1.ResponseOptions{Head: head.Method == http.MethodHead, Chunked: chunked, Last: last})
	if !whole {
		c.abort()
		return false
	}
	if unread || last && !head.Last {
		c.farewell()
	}
	c.settled = !unread
	return !last
}

// request is what came, in wire's words.
func (c *session) request(t *turn, body *upload) received {
	s, head, req := c.server, &t.head, &t.request
	r := received{method: head.Method, target: head.Target, peer: c.peer, scheme: "http"}
	if c.tls != nil {
		r.scheme = "https"
	}
	var believed bool
	r.peer, r.scheme, believed = client(head.Fields, r.peer, r.scheme, s.TrustedProxies)
	query := req.Query[:0]
	*req = wire.Request{Method: head.Method, Scheme: r.scheme, Host: head.Host, Port: s.port, Fields: head.Fields, Peer: r.peer, TLS: c.tls, Certificate: c.certificate}
	var target string
	if target, r.refused = wire.OriginForm(head.Method, head.Target, head.Host, r.scheme); r.refused != nil {
		return r
	}
	if req.Path, req.RawQuery, req.HasQuery, r.refused = wire.ParseTarget(target); r.refused != nil {
		return r
	}
	if req.Query, r.refused = wire.AppendQuery(query, req.RawQuery); r.refused != nil {
		return r
	}
	if r.refused = req.Fields.CheckConnection(); r.refused != nil {
		return r
	}
	if believed {
		if r.refused = forwardedHost(req); r.refused != nil {
			return r
		}
	}
	if body != nil {
		req.Body, req.BodySize = body, head.Length
	}
	r.request = req
	return r
}
