package extauthz_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/mem"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/extauthz"
	"github.com/sallyport-iam/sallyport/wire"
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
	tagging := "<Tagging><TagSet><Tag><Key>a</Key><Value>b!</Value></Tag></TagSet></Tagging>"
	tags := sent(t, "alice", "PUT", "localhost", "/reports/a?tagging", tagging, "UNSIGNED-PAYLOAD")
	chunked := sent(t, "alice", "PUT", "localhost", "/reports/a?tagging", tagging, "UNSIGNED-PAYLOAD")
	chunked.fields.Del("content-length")
	many := sent(t, "alice", "PUT", "localhost", "/reports/a", "hello", "", with("x-amz-meta-a", "1"), with("x-amz-meta-a", "2"), with("x-amz-meta-b", "caf\xe9"))
	tests := []struct {
		name   string
		m      *message
		change func(*authv3.CheckRequest)
		status int // 200: allowed
		reason string
	}{
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
	}
	for _, tt := range tests {
		in := tt.m.question(false)
		tt.change(in)
		out := w.ask(in)
		status := 200
		if out.GetOkResponse() == nil {
			status = int(out.GetDeniedResponse().GetStatus().GetCode())
		}
		id := out.GetDynamicMetadata().GetFields()["decision_id"].GetStringValue()
		if status != tt.status || id == "" {
			t.Errorf("%s: %d, id %q: %v", tt.name, status, id, out)
		}
		if record := record(t, w, id); !strings.Contains(record, tt.reason) {
			t.Errorf("%s: recorded %s", tt.name, record)
		}
	}
}

// record is the audit record of a decision, which may not be written yet.
func record(t *testing.T, w *world, id string) string {
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

// TestAllowed: what Envoy and the upstream are told beside the request.
func TestAllowed(t *testing.T) {
	t.Parallel()
	w := open(t, nil)
	m := sent(t, "alice", "PUT", "localhost", "/reports/a", "hello", "", with("x-sallyport-principal", "root"), with("x-sallyport-admin", "yes"))
	in := m.question(false)
	in.Attributes.Source.Principal = "spiffe://example.com/client"
	out := w.ask(in)
	ok := out.GetOkResponse()
	got := m.forwarded(ok).fields
	for name, want := range map[string]string{
		"x-sallyport-principal":  "arn:aws:iam::111122223333:user/alice",
		"x-sallyport-account":    "111122223333",
		"x-sallyport-request-id": out.GetDynamicMetadata().GetFields()["decision_id"].GetStringValue(),
		"x-sallyport-revision":   out.GetDynamicMetadata().GetFields()["revision"].GetStringValue(),
		"x-amz-content-sha256":   hash("hello"),
	} {
		if got.Get(name) != want || want == "" || got.Count(name) != 1 {
			t.Errorf("%s is %q, not %q", name, got.Get(name), want)
		}
	}
	if _, there := got.Lookup("x-sallyport-admin"); there {
		t.Error("the client's own identity header goes on")
	}
	// Envoy removes after it has set: what is set must not be removed.
	for _, o := range ok.GetHeaders() {
		if slices.Contains(ok.GetHeadersToRemove(), o.GetHeader().GetKey()) {
			t.Errorf("%s is set and removed", o.GetHeader().GetKey())
		}
	}
	if len(ok.GetQueryParametersToRemove())+len(ok.GetQueryParametersToSet()) > 0 {
		t.Error("Envoy would sort the query and write it anew")
	}
	metadata := out.GetDynamicMetadata().GetFields()
	for name, want := range map[string]string{
		"principal": "arn:aws:iam::111122223333:user/alice", "account": "111122223333", "action": "s3:PutObject", "resource": "arn:aws:s3:::reports/a",
	} {
		if metadata[name].GetStringValue() != want {
			t.Errorf("metadata %s is %v", name, metadata[name])
		}
	}
	line := record(t, w, metadata["decision_id"].GetStringValue())
	for _, want := range []string{`"door":"envoy"`, `"payloadVerified":false`, `"sourcePrincipal":"spiffe://example.com/client"`, `"sourceRequestID":"7c1d3b7a-envoy"`, `"sourceIPAddress":"127.0.0.1"`} {
		if !strings.Contains(line, want) {
			t.Errorf("no %s in %s", want, line)
		}
	}
	if strings.Contains(line, `"status"`) {
		t.Errorf("the record tells an answer that nobody here saw: %s", line)
	}
}

// TestPresigned: the authentication leaves the query, and the rest of it stays
// as it came.
func TestPresigned(t *testing.T) {
	t.Parallel()
	w := open(t, nil)
	m := presigned(t, "alice", "GET", "localhost", "/reports/a")
	m.target = strings.Replace(m.target, "?", "?&", 1) // an empty piece changes no signature
	got := m.forwarded(w.ask(m.question(false)).GetOkResponse())
	if strings.Contains(got.target, "X-Amz") || !strings.HasPrefix(got.target, "/reports/a") || !strings.Contains(got.target, "x-id=") && strings.Contains(m.target, "x-id=") {
		t.Errorf("%s became %s", m.target, got.target)
	}
	if !strings.HasPrefix(got.fields.Get("authorization"), "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") || got.fields.Get("x-amz-content-sha256") != "UNSIGNED-PAYLOAD" && got.fields.Get("x-amz-content-sha256") != hash("") {
		t.Errorf("signed as %v", got.fields)
	}
}

// TestDenied: clients read a denial as they would Amazon S3's.
func TestDenied(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) {
		s.routes = []*proxy.Route{{Name: "main", Hosts: []string{"localhost"}, CORS: proxy.CORS{{Origins: []string{"https://app.example.com"}, Methods: []string{"GET"}}}}}
	})
	long := "/reports/" + strings.Repeat("k", 500)
	tests := []struct {
		name   string
		m      *message
		status int
		code   codes.Code
		text   string
	}{
		{"by policy", sent(t, "bob", "GET", "localhost", "/reports/a", "", ""), 403, codes.PermissionDenied, "AccessDenied"},
		{"not signed rightly", func() *message {
			m := sent(t, "bob", "GET", "localhost", "/reports/a", "", "")
			m.target = "/reports/b"
			return m
		}(), 403, codes.Unauthenticated, "SignatureDoesNotMatch"},
		{"nobody's key", sent(t, "mallory", "GET", "localhost", "/reports/a", "", ""), 403, codes.Unauthenticated, "InvalidAccessKeyId"},
		{"a long path", sent(t, "bob", "GET", "localhost", long, "", ""), 403, codes.PermissionDenied, "AccessDenied"},
		{"HEAD", sent(t, "bob", "HEAD", "localhost", "/reports/a", "", ""), 403, codes.PermissionDenied, ""},
		{"what is not implemented", sent(t, "alice", "GET", "localhost", "/reports?everything", "", ""), 501, codes.Unimplemented, "NotImplemented"},
		{"a preflight", &message{"OPTIONS", "localhost", "/reports/a", wire.Fields{with("origin", "https://app.example.com"), with("access-control-request-method", "GET")}, ""}, 200, codes.PermissionDenied, ""},
		{"a preflight of another", &message{"OPTIONS", "localhost", "/reports/a", wire.Fields{with("origin", "https://evil.example.com"), with("access-control-request-method", "GET")}, ""}, 403, codes.Unauthenticated, "AccessForbidden"},
	}
	for _, tt := range tests {
		out := w.ask(tt.m.question(false))
		denial := out.GetDeniedResponse()
		if int(denial.GetStatus().GetCode()) != tt.status || codes.Code(out.GetStatus().GetCode()) != tt.code {
			t.Errorf("%s: %v", tt.name, out)
		}
		if tt.text == "" && denial.GetBody() != "" || len(denial.GetBody()) > 1<<10 && tt.code == codes.PermissionDenied {
			t.Errorf("%s: a body of %d bytes: %s", tt.name, len(denial.GetBody()), denial.GetBody())
		}
		if tt.text != "" {
			var parsed struct {
				Code, Message string
				RequestID     string `xml:"RequestId"`
			}
			if err := xml.Unmarshal([]byte(denial.GetBody()), &parsed); err != nil || parsed.Code != tt.text || parsed.Message == "" || parsed.RequestID == "" {
				t.Errorf("%s: %v: %s", tt.name, err, denial.GetBody())
			}
		}
		names := map[string]bool{}
		for _, o := range denial.GetHeaders() {
			names[o.GetHeader().GetKey()] = true
		}
		if !names["x-sallyport-request-id"] || !names["x-sallyport-revision"] || names["content-length"] || names["connection"] || tt.text != "" && !names["content-type"] {
			t.Errorf("%s: fields %v", tt.name, names)
		}
	}
	// The answer to a request that is allowed has what the rules say, too.
	m := sent(t, "alice", "GET", "localhost", "/reports/a", "", "", with("origin", "https://app.example.com"))
	fields := map[string]string{}
	for _, o := range w.ask(m.question(false)).GetOkResponse().GetResponseHeadersToAdd() {
		fields[o.GetHeader().GetKey()] = o.GetHeader().GetValue()
	}
	if fields["access-control-allow-origin"] != "https://app.example.com" || fields["x-sallyport-revision"] == "" {
		t.Errorf("the answer gets %v", fields)
	}
}

// TestMuseum_35_failingOpen: Envoy may be told to let pass what its authorization
// service fails at, so nothing that happens here is a failure.
func TestMuseum_35_failingOpen(t *testing.T) {
	t.Parallel()
	read := func(t *testing.T) *authv3.CheckRequest {
		return sent(t, "alice", "GET", "localhost", "/reports/a", "", "").question(false)
	}
	unavailable := func(t *testing.T, out *authv3.CheckResponse) {
		t.Helper()
		if out.GetDeniedResponse().GetStatus().GetCode() != 503 || codes.Code(out.GetStatus().GetCode()) != codes.Unavailable {
			t.Errorf("%v", out)
		}
	}
	t.Run("no bundle yet", func(t *testing.T) {
		t.Parallel()
		w := open(t, func(s *setting) { s.enforcer.Snapshot = func() *bundle.Snapshot { return nil } })
		unavailable(t, w.ask(read(t)))
	})
	t.Run("a panic while it is decided", func(t *testing.T) {
		t.Parallel()
		w := open(t, func(s *setting) { s.enforcer.Snapshot = func() *bundle.Snapshot { panic("no") } })
		unavailable(t, w.ask(read(t)))
	})
	t.Run("a panic while it is signed", func(t *testing.T) {
		t.Parallel()
		w := open(t, func(s *setting) { s.upstream.Credentials = provider(func(context.Context) { panic("no") }) })
		unavailable(t, w.ask(read(t)))
	})
	t.Run("no credentials to sign with", func(t *testing.T) {
		t.Parallel()
		w := open(t, func(s *setting) { s.upstream.Credentials = provider(func(context.Context) {}) })
		unavailable(t, w.ask(read(t)))
	})
	t.Run("no time left", func(t *testing.T) {
		t.Parallel()
		w := open(t, func(s *setting) { s.upstream.Credentials = provider(func(ctx context.Context) { <-ctx.Done() }) })
		// The budget ends before the deadline, after which nobody listens.
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		out, err := w.extauthz.Check(ctx, read(t))
		if err != nil {
			t.Fatal(err)
		}
		unavailable(t, out)
	})
	t.Run("bytes outside UTF-8", func(t *testing.T) {
		t.Parallel()
		w := open(t, nil)
		wellFormed, err := proto.Marshal(read(t))
		if err != nil {
			t.Fatal(err)
		}
		out := w.askRaw(bytes.ReplaceAll(wellFormed, []byte("localhost"), []byte("localh\xffst")))
		if out.GetDeniedResponse().GetStatus().GetCode() != 400 {
			t.Errorf("%v", out)
		}
		if out := w.askRaw([]byte("no protobuf at all")); out.GetDeniedResponse().GetStatus().GetCode() != 400 {
			t.Errorf("%v", out)
		}
	})
}

// askRaw asks with bytes as they are.
func (w *world) askRaw(question []byte) *authv3.CheckResponse {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out := &authv3.CheckResponse{}
	if err := w.conn.Invoke(ctx, authv3.Authorization_Check_FullMethodName, question, out, grpc.ForceCodecV2(rawCodec{encoding.GetCodecV2("proto")})); err != nil {
		w.t.Fatalf("Envoy would call this a failure: %v", err)
	}
	return out
}

// rawCodec sends bytes as they are.
type rawCodec struct{ encoding.CodecV2 }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

// provider is credentials that are not there after something was done.
func provider(do func(context.Context)) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		do(ctx)
		return aws.Credentials{}, errors.New("none")
	})
}

// TestIdentity: for an upstream that requests are not signed for, the client's
// credentials are taken out all the same.
func TestIdentity(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) { s.upstream.Credentials, s.upstream.Unsigned = nil, true })
	for _, m := range []*message{
		sent(t, "alice", "GET", "localhost", "/reports/a?versionId=1", "", ""),
		presigned(t, "alice", "GET", "localhost", "/reports/a?versionId=1"),
	} {
		ok := w.ask(m.question(false)).GetOkResponse()
		got := m.forwarded(ok)
		if ok == nil || got.target != "/reports/a?versionId=1" && !strings.HasPrefix(got.target, "/reports/a?versionId=1&x-id=") {
			t.Errorf("goes on as %s", got.target)
		}
		for _, name := range []string{"authorization", "x-amz-date", "x-amz-security-token"} {
			if got.fields.Count(name) > 0 {
				t.Errorf("%s goes on", name)
			}
		}
		if got.fields.Get("x-sallyport-principal") != "arn:aws:iam::111122223333:user/alice" {
			t.Errorf("who asks is not told: %v", got.fields)
		}
	}
}

// TestPassthrough: for an upstream that shares the clients' keys, what a client
// signed goes on as it is, chunks with signatures too.
func TestPassthrough(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) { s.upstream.Passthrough = true })
	for name, m := range map[string]*message{
		"a read":    sent(t, "alice", "GET", "localhost", "/reports/a//b?versionId=1", "", "", with("x-forwarded-for", "1.2.3.4")),
		"presigned": presigned(t, "alice", "GET", "localhost", "/reports/a"),
		"a host":    sent(t, "alice", "GET", "reports.s3.example.com", "/a", "", ""),
		"chunks":    sent(t, "alice", "PUT", "localhost", "/reports/a", "x", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", with("x-amz-decoded-content-length", "1"), with("content-encoding", "aws-chunked")),
		"tags":      sent(t, "alice", "PUT", "localhost", "/reports/a?tagging", "<Tagging><TagSet></TagSet></Tagging>", "UNSIGNED-PAYLOAD"),
	} {
		m.fields.Add("x-sallyport-account", "root")
		out := w.ask(m.question(name == "tags"))
		if out.GetOkResponse() == nil {
			t.Errorf("%s: %v", name, out)
			continue
		}
		got := m.forwarded(out.GetOkResponse())
		if got.target != m.target || got.host != m.host {
			t.Errorf("%s: goes on as %s of %s", name, got.target, got.host)
		}
		for _, f := range m.fields {
			if f.Name != "x-sallyport-account" && got.fields.Get(f.Name) != f.Value {
				t.Errorf("%s: %s is %q, not %q", name, f.Name, got.fields.Get(f.Name), f.Value)
			}
		}
		if got.fields.Get("x-sallyport-account") != "111122223333" || got.fields.Count("x-sallyport-account") != 1 {
			t.Errorf("%s: identity %v", name, got.fields)
		}
	}
	anonymous := &message{"GET", "localhost", "/reports/open/a", wire.Fields{with("x-sallyport-account", "root")}, ""}
	if got := anonymous.forwarded(w.ask(anonymous.question(false)).GetOkResponse()).fields; got.Count("x-sallyport-account") > 0 || got.Get("x-sallyport-principal") != "anonymous" {
		t.Errorf("anonymous: %v", got)
	}
}

// TestHealth: requests are wanted while a bundle is active and nothing drains.
func TestHealth(t *testing.T) {
	t.Parallel()
	ready := make(chan bool, 1)
	ready <- false
	w := open(t, func(s *setting) {
		s.extauthz.Ready = func() bool {
			now := <-ready
			ready <- now
			return now
		}
	})
	client := healthv1.NewHealthClient(w.conn)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	watched, err := client.Watch(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []healthv1.HealthCheckResponse_ServingStatus{healthv1.HealthCheckResponse_NOT_SERVING, healthv1.HealthCheckResponse_SERVING} {
		for _, service := range []string{"", "envoy.service.auth.v3.Authorization"} {
			got, err := client.Check(ctx, &healthv1.HealthCheckRequest{Service: service})
			if err != nil || got.GetStatus() != want {
				t.Errorf("%q: %v, %v", service, got, err)
			}
		}
		if got, err := watched.Recv(); err != nil || got.GetStatus() != want {
			t.Errorf("watched: %v, %v", got, err)
		}
		<-ready
		ready <- true
	}
	if _, err := client.Check(ctx, &healthv1.HealthCheckRequest{Service: "other"}); err == nil {
		t.Error("the health of an unknown service was told")
	}
	if all, err := client.List(ctx, &healthv1.HealthListRequest{}); err != nil || len(all.GetStatuses()) != 2 {
		t.Errorf("%v, %v", all, err)
	}
	// Who watches does not hold up the end.
	if err := w.extauthz.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

func TestReflection(t *testing.T) {
	t.Parallel()
	w := open(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stream, err := reflectionv1.NewServerReflectionClient(w.conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil || !strings.Contains(answer.String(), "envoy.service.auth.v3.Authorization") {
		t.Errorf("%v, %v", answer, err)
	}
	_ = stream.CloseSend()
}

// TestSocket: a socket has its mode, takes the place of one that was left behind
// and of nothing else, and goes in the end.
func TestSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "authz.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	w := open(t, func(s *setting) { s.extauthz.Address, s.extauthz.Socket, s.extauthz.SocketMode = "", path, 0o640 })
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info, err)
	}
	if out := w.ask(sent(t, "alice", "GET", "localhost", "/reports/a", "", "").question(false)); out.GetOkResponse() == nil {
		t.Errorf("%v", out)
	}
	if _, err := extauthz.Listen(extauthz.Options{Name: "second", Socket: path, SocketMode: 0o600}); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("a second door: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := extauthz.Listen(extauthz.Options{Name: "third", Socket: file, SocketMode: 0o600}); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("in the place of a file: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.extauthz.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
