package extauthz_test

import (
	"context"
	"io"
	"net/netip"
	"strings"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// FuzzCheckRequest asks about anything: bytes as a check request, and requests
// that are signed. What is allowed is well-formed, and the standalone door allows
// the same request.
func FuzzCheckRequest(f *testing.F) {
	for _, m := range []*message{
		sent(f, "alice", "GET", "localhost", "/reports/a%2F/b?versionId=1", "", ""),
		sent(f, "alice", "POST", "localhost", "/reports?delete", deleteBody, ""),
		sent(f, "", "GET", "reports.s3.example.com", "/open/a", "", ""),
		presigned(f, "alice", "GET", "localhost", "/reports/a"),
	} {
		raw, err := proto.Marshal(m.question(true))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, "", "", "", "", "", false)
		merged := m.question(true)
		merge(merged)
		if raw, err = proto.Marshal(merged); err != nil {
			f.Fatal(err)
		}
		f.Add(raw, "", "", "", "", "", false)
	}
	f.Add([]byte(nil), "PUT", "localhost", "/reports/a?tagging", "x-amz-meta-a: b\nif-match: *", "<Tagging><TagSet></TagSet></Tagging>", true)
	f.Add([]byte(nil), "PUT", "reports.s3.example.com:80", "/a//../b?x-amz-acl=private", "x-amz-meta-a: b\nx-amz-meta-a: c", "hello", false)
	f.Add([]byte(nil), "POST", "localhost", "/reports/a?uploadId=1", "content-type: application/xml", "x", false)
	w := open(f, func(s *setting) { s.enforcer.Audit = audit.New(audit.Options{}) }) // whose writer would disturb the fuzzer
	f.Fuzz(func(t *testing.T, raw []byte, method, host, target, fields, body string, buffered bool) {
		in := &authv3.CheckRequest{}
		if len(raw) > 0 {
			if proto.Unmarshal(raw, in) != nil {
				in.Reset()
			}
		} else if m := drawn(method, host, target, fields, body); m != nil {
			in = m.question(buffered)
		}
		if len(raw) == 0 {
			var err error
			if raw, err = proto.Marshal(in); err != nil {
				return // a text that is no UTF-8: to be drawn as bytes
			}
		}
		answer := w.extauthz.CheckMessage(t.Context(), raw)
		defer answer.Free()
		out := &authv3.CheckResponse{}
		if err := proto.Unmarshal(answer.ReadOnlyData(), out); err != nil {
			t.Fatalf("Envoy would call this a failure: %v", err)
		}
		if (out.GetStatus().GetCode() == 0) != (out.GetOkResponse() != nil) || out.GetOkResponse() == nil && out.GetDeniedResponse() == nil {
			t.Fatalf("neither allowed nor denied: %v", out)
		}
		if out.GetOkResponse() != nil {
			w.mustAllow(t, in)
		}
	})
}

// drawn is a message of what the fuzzer draws, signed by alice; nil if no client
// could send it.
func drawn(method, host, target, lines, body string) *message {
	m := &message{method: method, host: host, target: target, body: body}
	for line := range strings.SplitSeq(lines, "\n") {
		if name, value, found := strings.Cut(line, ":"); found {
			m.fields.Add(name, strings.TrimSpace(value))
		}
	}
	req := equivalent(m.question(false))
	if req == nil {
		return nil
	}
	req.Fields = m.fields
	sigv4.NewSigner().Sign(req, sigv4.Credentials{AccessKeyID: keyOf("alice"), SecretAccessKey: secret.New(secretKey)}, "s3", "us-east-1", hash(body), clock)
	m.fields = req.Fields
	return m
}

// equivalent is the request that a question is about, nil if it is about none.
func equivalent(in *authv3.CheckRequest) *wire.Request {
	h := attributes(in)
	path, raw, hasQuery, r := wire.ParseTarget(h.GetPath())
	if r != nil {
		return nil
	}
	query, r := wire.ParseQuery(raw)
	if r != nil {
		return nil
	}
	source := in.GetAttributes().GetSource().GetAddress().GetSocketAddress()
	peer, err := netip.ParseAddr(source.GetAddress())
	if err != nil {
		return nil
	}
	req := &wire.Request{
		Method: h.GetMethod(), Scheme: h.GetScheme(), Host: h.GetHost(), Path: path, RawQuery: raw, HasQuery: hasQuery, Query: query, Peer: netip.AddrPortFrom(peer, uint16(source.GetPortValue())),
		Port: uint16(in.GetAttributes().GetDestination().GetAddress().GetSocketAddress().GetPortValue()),
	}
	keep := func(name, value string) {
		if !strings.HasPrefix(name, ":") && name != "host" && name != "x-envoy-auth-partial-body" {
			req.Fields.Add(name, strings.Trim(value, " \t"))
		}
	}
	for _, f := range h.GetHeaderMap().GetHeaders() {
		keep(f.GetKey(), string(f.GetRawValue())+f.GetValue())
	}
	for name, value := range h.GetHeaders() {
		keep(name, value)
	}
	if body := string(h.GetRawBody()) + h.GetBody(); body != "" {
		req.Body, req.BodySize = io.NopCloser(strings.NewReader(body)), int64(len(body))
	} else if length := req.Fields.Get("content-length"); length != "" && strings.Trim(length, "0") != "" {
		// A body that did not come streams; its length is of no account here.
		req.Body, req.BodySize = io.NopCloser(strings.NewReader("x")), 1
	}
	return req
}

// mustAllow fails unless the standalone door lets the request of a question
// through to where its body streams.
func (w *world) mustAllow(t *testing.T, in *authv3.CheckRequest) {
	req := equivalent(in)
	if req == nil {
		t.Fatalf("allowed, and no request: %v", in)
	}
	v := w.enforcer.Check(context.Background(), w.strong, req, "REQUESTIDEXAMPLE")
	defer w.enforcer.Finish(v, 0)
	if v.Body != nil {
		defer v.Body.Close()
	}
	if v.Refusal != nil {
		t.Fatalf("the weaker door allows more: %v (%s): %v", v.Refusal, v.Refusal.Cause, in)
	}
}
