package extauthz

import (
	"io"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/extauthz/checkpb"
	"github.com/sallyport-iam/sallyport/wire"
)

// denied makes the answer that Envoy gives in the upstream's place.
func (c *check) denied() {
	a, out := &c.decided, &c.response
	out.Code, out.Status = int32(code(a)), int32(a.Answer.Status)
	if a.Refusal != nil {
		out.Message = a.Refusal.Code
	}
	if a.Answer.Body != nil {
		var body strings.Builder
		body.Grow(int(max(0, a.Answer.BodySize)))
		_, _ = io.Copy(&body, a.Answer.Body) // it is in memory
		_ = a.Answer.Body.Close()
		out.Body = valid(body.String())
	}
	for _, f := range a.Answer.Fields {
		// Envoy frames its answers itself.
		if f.Name != "content-length" && f.Name != "connection" {
			set(&out.Headers, f.Name, valid(f.Value))
		}
	}
	c.tell()
}

// code is that of gRPC for a denial; it is never OK, which would allow.
func code(a *proxy.Authorization) codes.Code {
	switch status := a.Answer.Status; {
	case a.Refusal == nil:
		return codes.PermissionDenied // answered here, and not to be forwarded
	case status == 403 && a.Caller == nil:
		return codes.Unauthenticated
	case status == 503:
		return codes.Unavailable
	case status >= 500:
		return codes.Unimplemented
	case status == 403:
		return codes.PermissionDenied
	default:
		return codes.InvalidArgument
	}
}

// allowed tells Envoy to forward the request.
func (c *check) allowed() {
	c.decided.Identify(c.id)
	change(&c.response, &c.request, c.decided.Request)
	for _, f := range c.decided.Fields {
		set(&c.response.Answer, f.Name, valid(f.Value))
	}
	c.tell()
}

// change tells Envoy how the request for the upstream differs from the one that
// came. The target is set whole: to remove parameters from a query, Envoy would
// sort it and write "?delete" as "?delete=".
func change(out *checkpb.Response, from, to *wire.Request) {
	if to.Path != from.Path || to.HasQuery != from.HasQuery || to.RawQuery != from.RawQuery {
		set(&out.Headers, ":path", to.Target())
	}
	if to.Host != from.Host {
		set(&out.Headers, ":authority", to.Host)
	}
	changed := difference(&out.Remove, from.Fields, to.Fields)
	for _, f := range changed {
		if !from.Fields.Same(to.Fields, f.Name) {
			set(&out.Headers, f.Name, f.Value)
		}
	}
}

// difference adds the names that only from has to gone, and tells the fields of to
// among which those of all other names are that differ. A rewrite takes fields out
// and adds others at the end, so these are few.
func difference(gone *[]string, from, to wire.Fields) wire.Fields {
	kept := 0
	for i := range from {
		if kept < len(to) && to[kept] == from[i] {
			kept++
		}
	}
	stayed, added := to[:kept], to[kept:]
	whole := false // a name that differs has fields among those that stayed, too
	next := 0
	for i, f := range from {
		if next < kept && stayed[next] == f {
			next++
			continue
		}
		whole = whole || stayed.Count(f.Name) > 0
		if to.Count(f.Name) == 0 && from[:i].Count(f.Name) == 0 {
			*gone = append(*gone, f.Name)
		}
	}
	for _, f := range added {
		whole = whole || stayed.Count(f.Name) > 0
	}
	if whole {
		return to
	}
	return added
}

// set sets a header in the place of what is there, or beside those of its name
// that were set before. Vary is the one field that is added to an upstream's.
func set(headers *[]checkpb.Header, name, value string) {
	beside := name == "vary"
	for i := range *headers {
		beside = beside || (*headers)[i].Name == name
	}
	*headers = append(*headers, checkpb.Header{Name: name, Value: value, Beside: beside})
}

// tell tells later filters and Envoy's access log what they may use; Envoy files
// it under the filter's name.
func (c *check) tell() {
	a := &c.decided
	c.mention("decision_id", c.id)
	if a.Caller != nil {
		c.mention("principal", a.Caller.ARN)
		c.mention("account", a.Caller.Account)
	}
	c.mention("action", a.Action)
	c.mention("resource", a.Resource)
	c.mention("revision", a.Revision)
}

func (c *check) mention(name, value string) {
	if value != "" {
		c.response.Metadata = append(c.response.Metadata, checkpb.Pair{Name: name, Value: valid(value)})
	}
}

// valid is a text as protobuf can hold it.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
