package extauthz_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// message is a request as a client sends it.
type message struct {
	method, host, target string
	fields               wire.Fields
	body                 string
}

// wire is the message as a door's request.
func (m *message) wire(t testing.TB) *wire.Request {
	t.Helper()
	path, raw, hasQuery, r := wire.ParseTarget(m.target)
	if r != nil {
		t.Fatal(r)
	}
	query, r := wire.ParseQuery(raw)
	if r != nil {
		t.Fatal(r)
	}
	return &wire.Request{Method: m.method, Scheme: "http", Host: m.host, Path: path, RawQuery: raw, HasQuery: hasQuery, Query: query, Fields: m.fields}
}

// sent is a message with its length, and signed by user unless that is empty.
// The payload is the hash of the body if it is empty.
func sent(t testing.TB, user, method, host, target, body, payload string, fields ...wire.Field) *message {
	t.Helper()
	m := &message{method, host, target, append(wire.Fields{{Name: "user-agent", Value: "test"}}, fields...), body}
	if method == "PUT" || method == "POST" {
		m.fields.Add("content-length", fmt.Sprint(len(body)))
	}
	if payload == "" {
		payload = hash(body)
	}
	if user != "" {
		req := m.wire(t)
		sigv4.NewSigner().Sign(req, sigv4.Credentials{AccessKeyID: keyOf(user), SecretAccessKey: secret.New(secretKey)}, "s3", "us-east-1", payload, clock)
		m.fields = req.Fields
	}
	return m
}

func hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// question is what Envoy asks about a message: with its body if it buffers one.
func (m *message) question(withBody bool) *authv3.CheckRequest {
	address := func(ip string, port uint32) *corev3.Address {
		return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{Address: ip, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port}}}}
	}
	raw := &corev3.HeaderMap{}
	add := func(name, value string) {
		raw.Headers = append(raw.Headers, &corev3.HeaderValue{Key: name, RawValue: []byte(value)})
	}
	add(":method", m.method)
	add(":authority", m.host)
	add(":path", m.target)
	add(":scheme", "http")
	for _, f := range m.fields {
		if f.Name != "transfer-encoding" { // Envoy takes it out
			add(f.Name, f.Value)
		}
	}
	add("x-forwarded-proto", "http")
	add("x-request-id", "7c1d3b7a-envoy")
	http := &authv3.AttributeContext_HttpRequest{
		Id: "123456", Method: m.method, Host: m.host, Path: m.target, Scheme: "http", Protocol: "HTTP/1.1", HeaderMap: raw, Size: int64(len(m.body)),
	}
	if withBody && m.body != "" {
		add("x-envoy-auth-partial-body", "false")
		http.RawBody = []byte(m.body)
	}
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source:      &authv3.AttributeContext_Peer{Address: address("127.0.0.1", 50000)},
		Destination: &authv3.AttributeContext_Peer{Address: address("127.0.0.1", 10000)},
		Request:     &authv3.AttributeContext_Request{Http: http},
	}}
}

// forwarded is what Envoy sends to the upstream of a message that was allowed.
func (m *message) forwarded(ok *authv3.OkHttpResponse) *message {
	out := &message{m.method, m.host, m.target, m.fields.Clone(), m.body}
	for _, o := range ok.GetHeaders() {
		name, value := o.GetHeader().GetKey(), o.GetHeader().GetValue()
		switch {
		case name == ":path":
			out.target = value
		case name == ":authority":
			out.host = value
		case o.GetAppendAction() == corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD:
			out.fields.Add(name, value)
		default:
			out.fields.Set(name, value)
		}
	}
	for _, name := range ok.GetHeadersToRemove() {
		out.fields.Del(name)
	}
	return out
}
