package standalone

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
	"github.com/sallyport-iam/sallyport/wire/tcp"
)

// handover is the listener at which net/http gets the connections that chose
// HTTP/2.
type handover struct {
	conns chan net.Conn
	ended chan struct{}
	end   func() // once
	addr  net.Addr
}

// openHTTP2 makes the server for HTTP/2.
func (s *Server) openHTTP2() {
	ended := make(chan struct{})
	s.handover = &handover{conns: make(chan net.Conn), ended: ended, end: sync.OnceFunc(func() { close(ended) }), addr: s.listener.Addr()}
	s.http2 = &http.Server{
		Handler:           http.HandlerFunc(s.serveHTTP2),
		ReadHeaderTimeout: s.HeaderTimeout,
		IdleTimeout:       s.IdleTimeout,
		MaxHeaderBytes:    s.MaxHeader,
		ErrorLog:          zap.NewStdLog(s.Logger),
		TLSConfig:         s.tls,
		ConnContext:       s.withCertificate,
		// OPTIONS * must reach the handler, so that it is refused here.
		DisableGeneralOptionsHandler: true,
	}
}

// certificateOf is the key of a connection's client certificate in its context.
type certificateOf struct{}

// withCertificate remembers the client's certificate of a connection, which has
// shaken hands.
func (s *Server) withCertificate(ctx context.Context, conn net.Conn) context.Context {
	secured, ok := conn.(*tls.Conn)
	if !ok || s.ClientCAs == nil {
		return ctx
	}
	peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return ctx
	}
	state := secured.ConnectionState()
	return context.WithValue(ctx, certificateOf{}, s.clientCertificate(&state, peer))
}

// give hands a connection over; false if nobody takes it any more.
func (h *handover) give(conn *tls.Conn) bool {
	select {
	case h.conns <- conn:
		return true
	case <-h.ended:
		return false
	}
}

// Accept is the next connection.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.ended:
		return nil, net.ErrClosed
	}
}

// Close ends accepting.
func (h *handover) Close() error {
	h.end()
	return nil
}

// Addr is the door's address.
func (h *handover) Addr() net.Addr { return h.addr }

// serveHTTP2 answers a request over HTTP/2.
func (s *Server) serveHTTP2(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	body := &stream{body: r.Body, progress: tcp.Deadline{Set: control.SetReadDeadline}, limit: s.ReadProgress}
	defer body.answered()
	resp := s.answer(r.Context(), s.receivedHTTP2(r, body))
	if resp.Body != nil {
		defer resp.Body.Close()
	}
	progress := tcp.Deadline{Set: control.SetWriteDeadline}
	progress.Allow(s.WriteProgress)
	// It would end the connection, which other streams use as well.
	resp.Fields.Del("connection")
	nethttp.WriteHeader(w, resp)
	if resp.Body != nil {
		s.copyHTTP2(w, control, resp, &progress)
	}
}

// receivedHTTP2 is what came over HTTP/2, in wire's words.
func (s *Server) receivedHTTP2(r *http.Request, body *stream) received {
	out := received{method: r.Method, target: r.RequestURI, scheme: "https"}
	out.peer, _ = netip.ParseAddrPort(r.RemoteAddr)
	req, refused := nethttp.Request(r, out.scheme, out.peer)
	if refused != nil {
		out.refused = refused
		return out
	}
	var believed bool
	req.Peer, req.Scheme, believed = client(req.Fields, out.peer, out.scheme, s.TrustedProxies)
	out.peer, out.scheme = req.Peer, req.Scheme
	if believed {
		out.refused = forwardedHost(req)
	}
	req.Port = s.port
	req.Certificate, _ = r.Context().Value(certificateOf{}).(*wire.Certificate)
	if req.Body != nil {
		req.Body = body
	}
	out.request = req
	return out
}

// copyHTTP2 copies an answer's body. An upstream that breaks off in the middle
// resets the stream: a cut answer must not look whole.
func (s *Server) copyHTTP2(w http.ResponseWriter, control *http.ResponseController, resp *wire.Response, progress *tcp.Deadline) {
	buffer := buffers.Get().(*[]byte)
	for {
		n, err := resp.Body.Read(*buffer)
		if n > 0 {
			progress.Allow(s.WriteProgress)
			if _, werr := w.Write((*buffer)[:n]); werr != nil {
				// The buffer is nobody else's any more: of a stream that the client
				// reset, net/http may still be about to write what is in it.
				return
			}
			if resp.BodySize < 0 {
				_ = control.Flush()
			}
		}
		if err != nil {
			buffers.Put(buffer)
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			// A time that is over resets the stream. A panic with ErrAbortHandler would
			// too; but if the client resets it at the same moment, net/http itself then
			// panics, and ends the connection with the streams of all others.
			_ = control.SetWriteDeadline(time.Unix(1, 0))
			return
		}
	}
}

// stream is the body of a request over HTTP/2. Each read has its own time. An
// upstream that answered early may leave a Read behind, which touches nothing of
// the stream once the request is answered: net/http would not survive it.
type stream struct {
	body  io.Reader
	limit time.Duration

	mu       sync.Mutex
	progress tcp.Deadline
	ended    bool
}

// Read reads from the client.
func (b *stream) Read(p []byte) (int, error) {
	b.mu.Lock()
	if b.ended {
		b.mu.Unlock()
		return 0, errAnswered
	}
	b.progress.Allow(b.limit)
	b.mu.Unlock()
	n, err := b.body.Read(p)
	if err != nil {
		b.lift()
	}
	return n, err
}

// lift takes the deadline away when the body has ended: what waits for the
// upstream's answer then is not the client's stall.
func (b *stream) lift() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.progress.Lift()
	}
}

func (b *stream) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
}

// Close does nothing: net/http ends the body.
func (b *stream) Close() error { return nil }
