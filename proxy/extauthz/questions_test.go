package extauthz_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/sallyport-iam/sallyport/proxy"
)

// attributes are the part of a question that most tests change.
func attributes(in *authv3.CheckRequest) *authv3.AttributeContext_HttpRequest {
	return in.GetAttributes().GetRequest().GetHttp()
}

// set changes or adds a raw field of a question.
func set(in *authv3.CheckRequest, name, value string) {
	headers := &attributes(in).HeaderMap.Headers
	*headers = slices.DeleteFunc(*headers, func(h *corev3.HeaderValue) bool { return h.Key == name })
	add(in, name, value)
}

func add(in *authv3.CheckRequest, name, value string) {
	attributes(in).HeaderMap.Headers = append(attributes(in).HeaderMap.Headers, &corev3.HeaderValue{Key: name, RawValue: []byte(value)})
}

// merge turns the header of a question into what Envoy sends without
// encode_raw_headers.
func merge(in *authv3.CheckRequest) {
	h := attributes(in)
	h.Headers = map[string]string{}
	for _, field := range h.HeaderMap.Headers {
		value := strings.ToValidUTF8(string(field.RawValue), "!")
		if before, there := h.Headers[field.Key]; there {
			value = before + "," + value
		}
		h.Headers[field.Key] = value
	}
	h.HeaderMap = nil
}

// TestQuestions asks what no client of Envoy, or no rightly configured Envoy,
// would; nothing of it is allowed, and the reason is in the record.
func TestQuestions(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) {
		s.routes = []*proxy.Route{
			{Name: "main", Hosts: []string{"localhost"}, VirtualHosts: []string{"s3.example.com"}},
			{Name: "rest"},
		}
	})
	read := sent(t, "alice", "GET", "localhost", "/reports/a", "", "")
	many := sent(t, "alice", "PUT", "localhost", "/reports/a", "hello", "", with("x-amz-meta-a", "1"), with("x-amz-meta-a", "2"), with("x-amz-meta-b", "caf\xe9"))
	tests := []question{
		{"as it is", read, func(*authv3.CheckRequest) {}, 200, ""},
		{"no attributes", read, func(in *authv3.CheckRequest) { in.Attributes = nil }, 400, "no HTTP attributes"},
		{"no request", read, func(in *authv3.CheckRequest) { in.Attributes.Request = nil }, 400, "no HTTP attributes"},
		{"a TCP check", read, func(in *authv3.CheckRequest) { in.Attributes.Request.Http = nil }, 400, "no HTTP attributes"},
		{"no header", read, func(in *authv3.CheckRequest) { attributes(in).HeaderMap = nil }, 400, "no header"},
		{"no source", read, func(in *authv3.CheckRequest) { in.Attributes.Source = nil }, 400, "client's IP address"},
		{"a source that is no address", read, func(in *authv3.CheckRequest) {
			in.Attributes.Source.Address.GetSocketAddress().Address = "localhost"
		}, 400, "client's IP address"},
		{"a source that is a pipe", read, func(in *authv3.CheckRequest) {
			in.Attributes.Source.Address = &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: "/tmp/x"}}}
		}, 400, "client's IP address"},
		{"no method", read, func(in *authv3.CheckRequest) { attributes(in).Method = "" }, 400, "method is not valid"},
		{"a method with a space", read, func(in *authv3.CheckRequest) { attributes(in).Method = "GET /" }, 400, "method is not valid"},
		{"CONNECT", read, func(in *authv3.CheckRequest) { attributes(in).Method = "CONNECT" }, 405, "not allowed against"},
		{"another method", read, func(in *authv3.CheckRequest) { attributes(in).Method = "HEAD" }, 400, ":method differs"},
		{"no path", read, func(in *authv3.CheckRequest) { attributes(in).Path = "" }, 400, "does not begin with /"},
		{"another path", read, func(in *authv3.CheckRequest) { attributes(in).Path = "/reports/secret/a" }, 400, ":path differs"},
		{"a path with a fragment", read, func(in *authv3.CheckRequest) { attributes(in).Path = "/reports/a#b" }, 400, "#"},
		{"a query apart", read, func(in *authv3.CheckRequest) { attributes(in).Query = "acl" }, 400, "apart from its path"},
		{"no host", read, func(in *authv3.CheckRequest) { attributes(in).Host = "" }, 400, "Host header"},
		{"another host", read, func(in *authv3.CheckRequest) { attributes(in).Host = "s3.example.com" }, 400, ":authority differs"},
		{"two hosts", read, func(in *authv3.CheckRequest) { add(in, "host", "s3.example.com") }, 400, "host differs"},
		{"no scheme", read, func(in *authv3.CheckRequest) { attributes(in).Scheme = "" }, 400, ":scheme differs"},
		{"a strange scheme", read, func(in *authv3.CheckRequest) { attributes(in).Scheme = "ftp"; set(in, ":scheme", "ftp") }, 400, "neither http nor https"},
		{"a negative size", read, func(in *authv3.CheckRequest) { attributes(in).Size = -9 }, 400, "size is negative"},
		{"an unknown size", read, func(in *authv3.CheckRequest) { attributes(in).Size = -1 }, 200, ""},
		{"an absurd length", read, func(in *authv3.CheckRequest) { add(in, "content-length", "99999999999999999999999") }, 400, "Content-Length"},
		{"a length twice", read, func(in *authv3.CheckRequest) { add(in, "content-length", "0"); add(in, "content-length", "0") }, 400, "Content-Length"},
		{"a name that is none", read, func(in *authv3.CheckRequest) { add(in, "a b", "c") }, 400, "name is not valid"},
		{"an unknown pseudo-header", read, func(in *authv3.CheckRequest) { add(in, ":protocol", "websocket") }, 400, "name is not valid"},
		{"a name in capitals", read, func(in *authv3.CheckRequest) { add(in, "X-Amz-Acl", "private") }, 400, "name is not valid"},
		{"a control character", read, func(in *authv3.CheckRequest) { add(in, "a", "b\nc") }, 400, "control character"},
		{"a transfer coding", read, func(in *authv3.CheckRequest) { add(in, "transfer-encoding", "chunked") }, 400, "Transfer-Encoding"},
		{"a connection that names fields", read, func(in *authv3.CheckRequest) { add(in, "connection", "x-amz-date") }, 400, "Connection"},
		{"a field with two values", read, func(in *authv3.CheckRequest) { attributes(in).HeaderMap.Headers[0].Value = "PUT" }, 400, "two values"},
		{"raw and merged", read, func(in *authv3.CheckRequest) { attributes(in).Headers = map[string]string{"a": "b"} }, 400, "raw and merged"},
		{"too many fields", read, func(in *authv3.CheckRequest) {
			for range 300 {
				add(in, "a", "b")
			}
		}, 400, "exceed the maximum allowed size"},
		{"too long a header", read, func(in *authv3.CheckRequest) { add(in, "a", strings.Repeat("b", maxHeader)) }, 400, "exceed the maximum allowed size"},
		{"a coding that Envoy cannot be told", sent(t, "alice", "PUT", "localhost", "/reports/a", "hello", "", with("content-encoding", "\xff,aws-chunked")), func(*authv3.CheckRequest) {}, 400, "content-encoding"},
		{"a parameter that Envoy cannot be told", sent(t, "alice", "PUT", "localhost", "/reports/a?x-amz-meta-a=%FF", "hello", ""), func(*authv3.CheckRequest) {}, 400, "not UTF-8"},

		{"a chosen route", read, func(in *authv3.CheckRequest) {
			in.Attributes.ContextExtensions = map[string]string{"sallyport_route": "main"}
		}, 200, ""},
		{"a chosen route that takes other hosts", sent(t, "alice", "GET", "elsewhere", "/reports/a", "", ""), func(in *authv3.CheckRequest) {
			in.Attributes.ContextExtensions = map[string]string{"sallyport_route": "main"}
		}, 403, "no route of this door takes the host"},
		{"the route for all other hosts", sent(t, "alice", "GET", "elsewhere", "/reports/a", "", ""), func(in *authv3.CheckRequest) {
			in.Attributes.ContextExtensions = map[string]string{"sallyport_route": "rest"}
		}, 200, ""},
		{"an unknown route", read, func(in *authv3.CheckRequest) {
			in.Attributes.ContextExtensions = map[string]string{"sallyport_route": "other"}
		}, 403, "which is no route of this door"},
		{"an empty route", read, func(in *authv3.CheckRequest) {
			in.Attributes.ContextExtensions = map[string]string{"sallyport_route": ""}
		}, 403, "which is no route of this door"},
		{"an unknown extension", read, func(in *authv3.CheckRequest) {
			in.Attributes.ContextExtensions = map[string]string{"sallyport_rout": "main"}
		}, 403, "means nothing here"},

		{"merged, nothing of note", read, merge, 200, ""},
		{"merged repeats", many, merge, 403, "set encode_raw_headers: true"},
		{"a repeated authorization, merged", read, func(in *authv3.CheckRequest) {
			merge(in)
			attributes(in).Headers["authorization"] += "," + attributes(in).Headers["authorization"]
		}, 400, "AuthorizationHeaderMalformed"},
		{"a repeated authorization", read, func(in *authv3.CheckRequest) { add(in, "authorization", "AWS4-HMAC-SHA256 x") }, 400, "Only one auth mechanism"},
		{"raw repeats", many, func(*authv3.CheckRequest) {}, 200, ""},
		{"a merged field that is not signed", read, func(in *authv3.CheckRequest) { set(in, "accept", "a,b"); merge(in) }, 200, ""},
		{"a merged field that counts though it is not signed", read, func(in *authv3.CheckRequest) { set(in, "x-amz-acl", "a!"); merge(in) }, 403, "set encode_raw_headers: true"},
		{"presigned, a merged field", func() *message {
			m := presigned(t, "alice", "GET", "localhost", "/reports/a")
			m.fields.Add("range", "bytes=1-2,4-5")
			return m
		}(), func(in *authv3.CheckRequest) {
			attributes(in).Path = strings.Replace(attributes(in).Path, "SignedHeaders=host", "SignedHeaders=host%3Brange", 1)
			set(in, ":path", attributes(in).Path)
			merge(in)
		}, 403, "set encode_raw_headers: true"},
	}
	w.answerAll(tests)
}

// TestMuseum_23_partialBody: nothing is decided from a body that did not come, or
// not whole, whatever is said of it.
func TestMuseum_23_partialBody(t *testing.T) {
	t.Parallel()
	w := open(t, nil)
	tagging := "<Tagging><TagSet><Tag><Key>a</Key><Value>b!</Value></Tag></TagSet></Tagging>"
	tags := sent(t, "alice", "PUT", "localhost", "/reports/a?tagging", tagging, "UNSIGNED-PAYLOAD")
	chunked := sent(t, "alice", "PUT", "localhost", "/reports/a?tagging", tagging, "UNSIGNED-PAYLOAD")
	chunked.fields.Del("content-length")
	w.answerAll([]question{
		{"a body", tags, func(in *authv3.CheckRequest) {
			attributes(in).RawBody = []byte(tagging)
			add(in, "x-envoy-auth-partial-body", "false")
		}, 200, ""},
		{"no body", tags, func(*authv3.CheckRequest) {}, 403, "needs the whole body"},
		{"half a body", tags, func(in *authv3.CheckRequest) {
			attributes(in).RawBody = []byte(tagging[:9])
			add(in, "x-envoy-auth-partial-body", "true")
		}, 403, "needs the whole body"},
		{"half a body that claims to be whole", tags, func(in *authv3.CheckRequest) {
			attributes(in).RawBody = []byte(tagging[:9])
			add(in, "x-envoy-auth-partial-body", "false")
		}, 403, "needs the whole body"},
		{"a body said to be both", tags, func(in *authv3.CheckRequest) {
			attributes(in).RawBody = []byte(tagging)
			add(in, "x-envoy-auth-partial-body", "false")
			add(in, "x-envoy-auth-partial-body", "true")
		}, 403, "needs the whole body"},
		{"more than the body", tags, func(in *authv3.CheckRequest) { attributes(in).RawBody = []byte(tagging + " ") }, 400, "not the length of the body"},
		{"two bodies", tags, func(in *authv3.CheckRequest) { attributes(in).RawBody, attributes(in).Body = []byte(tagging), tagging }, 400, "two bodies"},
		{"a body as text that may have been changed", tags, func(in *authv3.CheckRequest) { attributes(in).Body = tagging }, 403, "needs the whole body"},
		{"a body without length", chunked, func(in *authv3.CheckRequest) {
			attributes(in).RawBody = []byte(tagging)
			add(in, "x-envoy-auth-partial-body", "false")
		}, 200, ""},
		{"a body without length that nobody calls whole", chunked, func(in *authv3.CheckRequest) { attributes(in).RawBody = []byte(tagging) }, 403, "needs the whole body"},
		{"no body where the client says it is whole", chunked, func(in *authv3.CheckRequest) { add(in, "x-envoy-auth-partial-body", "false") }, 403, "needs the whole body"},
	})
}

// question is a message as it is asked about, and the answer: 200 is allowed.
type question struct {
	name   string
	m      *message
	change func(*authv3.CheckRequest)
	status int
	reason string
}

// answerAll asks, and looks for the reasons in the records.
func (w *world) answerAll(questions []question) {
	w.t.Helper()
	for _, tt := range questions {
		in := tt.m.question(false)
		tt.change(in)
		out := w.ask(in)
		status := 200
		if out.GetOkResponse() == nil {
			status = int(out.GetDeniedResponse().GetStatus().GetCode())
		}
		id := out.GetDynamicMetadata().GetFields()["decision_id"].GetStringValue()
		if status != tt.status || id == "" {
			w.t.Errorf("%s: %d, id %q: %v", tt.name, status, id, out)
		}
		if record := record(w.t, w, id); !strings.Contains(record, tt.reason) {
			w.t.Errorf("%s: recorded %s", tt.name, record)
		}
	}
}

// record is the audit record of a decision, which may not be written yet.
func record(t testing.TB, w *world, id string) string {
	t.Helper()
	for stop := time.Now().Add(patience); time.Now().Before(stop); time.Sleep(time.Millisecond) {
		w.records.mu.Lock()
		text := w.records.String()
		w.records.mu.Unlock()
		for line := range strings.Lines(text) {
			if strings.Contains(line, `"requestID":"`+id+`"`) && strings.HasSuffix(line, "\n") {
				return line
			}
		}
	}
	t.Fatalf("no record of %s", id)
	return ""
}
