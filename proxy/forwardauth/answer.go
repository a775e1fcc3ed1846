package forwardauth

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
)

// canForward refuses what the proxy could not be told to forward.
func (s *Server) canForward(from, to *wire.Request) *wire.Refusal {
	d, who := s.speaks, string(s.options.Dialect)
	if to.Method != from.Method {
		return misplaced("the upstream needs another method, which " + who + " cannot be told")
	}
	if !d.setsTarget && to.Target() != from.Target() {
		return misplaced("the upstream needs another path or query than the client's (as of presigned requests), which " + who + " cannot be told")
	}
	if d.length == "" && from.BodySize == 0 && wire.UndeclaredSize(from.Method) < 0 && !signsEmpty(to.Fields.Get("authorization"), to.Fields.Get("x-amz-content-sha256")) {
		return misplaced("only the client's signature says that the body is empty, and the upstream would not be told")
	}
	for _, fields := range [...]wire.Fields{from.Fields, to.Fields} {
		for i := range fields {
			name := fields[i].Name
			changed := !from.Fields.Same(to.Fields, name)
			switch {
			case ofTheWay(name), !changed && d.places[name] == "":
			case !d.canSet(name):
				return misplaced("the upstream needs another header " + name + ", which " + who + " cannot be told")
			case to.Fields.Count(name) > 1:
				return misplaced("the upstream needs the header " + name + " more than once, which " + who + " cannot be told")
			}
		}
	}
	return nil
}

// canSet tells whether the proxy can be told a header.
func (d *dialect) canSet(name string) bool {
	if d.places != nil {
		return d.places[name] != ""
	}
	return name == "authorization" || name == "content-encoding" || strings.HasPrefix(name, "x-amz-")
}

// ofTheWay tells the headers that the upstream can do without being told of: those
// of connections, what proxies say of a client, the date that x-amz-date comes
// before, and those of who asks, which are put there last.
func ofTheWay(name string) bool {
	switch name {
	case "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
		"te", "trailer", "transfer-encoding", "upgrade", "expect", "forwarded", "via", "x-real-ip", "date":
		return true
	}
	return strings.HasPrefix(name, "x-forwarded-") || proxy.Identifies(name)
}

// allowed is the permission to forward a request that came as from.
func (s *Server) allowed(from *wire.Request, a *proxy.Authorization) *wire.Response {
	to, d := a.Request, s.speaks
	answer := &wire.Response{Status: http.StatusOK, Fields: wire.Fields{{Name: "content-length", Value: "0"}}}
	if d.places == nil {
		s.change(&answer.Fields, from.Fields, to.Fields)
		return answer
	}
	for i := range to.Fields {
		if name := d.places[to.Fields[i].Name]; name != "" {
			answer.Fields.Add(name, to.Fields[i].Value)
		}
	}
	if d.setsTarget {
		answer.Fields.Add(answerTarget, to.Target())
		answer.Fields.Add(answerHost, to.Host)
	}
	return answer
}

// change tells a proxy that can set and remove any header how the request for the
// upstream differs from the one that came, and to remove its own word.
func (s *Server) change(answer *wire.Fields, from, to wire.Fields) {
	remove := []string{s.speaks.scheme, s.speaks.address, s.speaks.length}
	for i := range from {
		if name := from[i].Name; to.Count(name) == 0 && !slices.Contains(remove, name) {
			remove = append(remove, name)
		}
	}
	// Whether the proxy has told of a client's own is not relied on.
	for _, name := range proxy.IdentityFields {
		if to.Count(name) == 0 && !slices.Contains(remove, name) {
			remove = append(remove, name)
		}
	}
	for i := range to {
		if !from.Same(to, to[i].Name) {
			answer.Add(to[i].Name, to[i].Value)
		}
	}
	answer.Add(answerRemove, strings.Join(remove, ","))
}

// denied is a denial in the words of answer. It is never a success, nor a
// redirection.
func (s *Server) denied(answer *wire.Response, why *wire.Refusal) *wire.Response {
	var body []byte
	if answer.Body != nil {
		body, _ = io.ReadAll(answer.Body) // it is in memory
		_ = answer.Body.Close()
	}
	status := answer.Status
	if why == nil || status < 400 {
		status, body = http.StatusForbidden, nil
	}
	out := &wire.Response{Status: status, Fields: make(wire.Fields, 0, len(answer.Fields)+4)}
	for _, f := range answer.Fields {
		if f.Name != "content-length" && f.Name != "connection" {
			out.Fields = append(out.Fields, f)
		}
	}
	switch {
	case s.speaks.deny == denyInHeader:
		out.Status = http.StatusForbidden
		out.Fields.Set(answerStatus, strconv.Itoa(status))
		out.Fields.Set(answerBody, oneLine(body))
	case s.speaks.deny == denyBelow500 && status == http.StatusNotImplemented:
		out.Status = http.StatusBadRequest
	case s.speaks.deny == denyBelow500 && status >= 500:
		out.Status = http.StatusTooManyRequests
	}
	out.Fields.Set("content-length", strconv.Itoa(len(body)))
	if len(body) > 0 {
		out.Body, out.BodySize = io.NopCloser(strings.NewReader(string(body))), int64(len(body))
	}
	return out
}

// oneLine is a text as the value of a header can hold it.
func oneLine(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, string(text))
}
