package extauthz_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/proxy/forwardauth"
	"github.com/sallyport-iam/sallyport/wire"
)

// What follows plays the proxies that ask over HTTP, as their examples configure
// them; e2e runs the programs.

// askers are the dialects of the third door.
var askers = []forwardauth.Dialect{forwardauth.Envoy, forwardauth.Nginx, forwardauth.Caddy, forwardauth.Traefik}

// forwardAuth opens a door for a dialect before the world's enforcement point.
func (w *world) forwardAuth(dialect forwardauth.Dialect) *forwardauth.Server {
	w.t.Helper()
	door, err := forwardauth.Listen(forwardauth.Options{
		Name: string(dialect), Routes: w.routes, Enforcer: w.enforcer, Address: "127.0.0.1:0", Dialect: dialect, PathPrefix: "/authorize",
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ready: func() bool { return true }, MaxHeader: maxHeader, MaxBody: maxBody,
		HeaderTimeout: patience, IdleTimeout: patience, ReadTimeout: patience, WriteTimeout: patience, Now: time.Now, Logger: zap.NewNop(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	serve(w.t, door)
	return door
}

// asked sends what a proxy asks about a message to its door. status is the one
// that the client gets; forwarded is what the proxy then sends to the upstream, nil
// if nothing.
func (w *world) asked(door *forwardauth.Server, dialect forwardauth.Dialect, m *message, withBody bool) (status int, forwarded *message) {
	w.t.Helper()
	if size, _ := strconv.Atoi(m.fields.Get("content-length")); dialect == forwardauth.Traefik && size > maxBody {
		return http.StatusUnauthorized, nil // Traefik's own, without asking
	}
	conn, err := net.Dial("tcp", door.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, m.askedBy(dialect, withBody)); err != nil {
		w.t.Fatal(err)
	}
	method := http.MethodGet
	if dialect == forwardauth.Envoy {
		method = m.method
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return answer.StatusCode, m.changed(dialect, answer.Header, w.store)
	}
	if answer.StatusCode < 400 {
		w.t.Errorf("%s is answered %d, which is no denial", dialect, answer.StatusCode)
	}
	if dialect == forwardauth.Nginx {
		status, err := strconv.Atoi(answer.Header.Get("X-Sallyport-Status"))
		if err != nil || answer.StatusCode != http.StatusForbidden {
			w.t.Errorf("nginx is answered %d (%v)", answer.StatusCode, err)
		}
		return status, nil
	}
	return answer.StatusCode, nil
}

// askedBy is what a proxy asks about a message.
func (m *message) askedBy(dialect forwardauth.Dialect, withBody bool) string {
	var raw strings.Builder
	line := func(name, value string) { fmt.Fprintf(&raw, "%s: %s\r\n", name, value) }
	prefix := "X-Original-"
	own := []string{"content-length", "transfer-encoding"}
	if dialect == forwardauth.Envoy {
		fmt.Fprintf(&raw, "%s /authorize%s HTTP/1.1\r\nHost: %s\r\n", m.method, m.target, m.host)
		line("X-Original-Proto", "http")
		line("X-Original-Address", "127.0.0.1")
	} else {
		address := "Address"
		if dialect != forwardauth.Nginx {
			prefix, address = "X-Forwarded-", "For"
		}
		raw.WriteString("GET /authorize HTTP/1.1\r\nHost: sallyport\r\n")
		for name, value := range map[string]string{"Method": m.method, "URI": m.target, "Host": m.host, "Proto": "http", address: "127.0.0.1"} {
			line(prefix+name, value)
			own = append(own, strings.ToLower(prefix+name))
		}
	}
	if dialect != forwardauth.Traefik {
		line("X-Original-Content-Length", m.fields.Get("content-length"))
	}
	if dialect == forwardauth.Caddy {
		line("X-Original-Connection", "")
	}
	for i, f := range m.fields {
		switch {
		case slices.Contains(own, f.Name):
		case dialect != forwardauth.Envoy:
			line(f.Name, f.Value)
		case m.fields[:i].Count(f.Name) == 0:
			var all []string // Envoy joins them
			for _, other := range m.fields {
				if other.Name == f.Name {
					all = append(all, strings.ToValidUTF8(other.Value, "!"))
				}
			}
			line(f.Name, strings.Join(all, ","))
		}
	}
	body := ""
	if dialect == forwardauth.Traefik || dialect == forwardauth.Envoy && withBody {
		body = m.body
	}
	switch {
	case dialect == forwardauth.Traefik && m.fields.Get("transfer-encoding") != "":
		line("Transfer-Encoding", "chunked")
	case body != "":
		line("Content-Length", strconv.Itoa(len(body)))
	}
	return raw.String() + "\r\n" + body
}

// changed is what a proxy sends to the upstream of a message after an answer.
func (m *message) changed(dialect forwardauth.Dialect, answer http.Header, store string) *message {
	out := &message{m.method, store, m.target, m.fields.Clone(), m.body}
	if dialect == forwardauth.Envoy {
		for name, values := range answer {
			name = strings.ToLower(name)
			if name == "authorization" || name == "content-encoding" || strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "x-sallyport-") {
				out.fields.Set(name, values[0])
			}
		}
		for name := range strings.SplitSeq(answer.Get("X-Envoy-Auth-Headers-To-Remove"), ",") {
			out.fields.Del(name)
		}
		return out
	}
	// What proxies say of clients is theirs to set.
	out.fields = slices.DeleteFunc(out.fields, func(f wire.Field) bool {
		return strings.HasPrefix(f.Name, "x-forwarded-") || f.Name == "forwarded" || f.Name == "x-real-ip"
	})
	copied := map[string]string{}
	for _, name := range []string{
		"authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-checksum-mode", "x-amz-expected-bucket-owner",
		"x-amz-source-expected-bucket-owner", "x-sallyport-principal", "x-sallyport-account", "x-sallyport-request-id", "x-sallyport-revision",
	} {
		copied[name] = name
	}
	if dialect == forwardauth.Traefik {
		copied["content-encoding"] = "content-encoding"
	} else {
		copied["x-sallyport-content-encoding"] = "content-encoding"
	}
	for from, to := range copied {
		out.fields.Del(to)
		if value := answer.Get(from); value != "" {
			out.fields.Add(to, value)
		}
	}
	if dialect == forwardauth.Nginx {
		out.target, out.host = answer.Get("X-Sallyport-Target"), answer.Get("X-Sallyport-Host")
	}
	return out
}
