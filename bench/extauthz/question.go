// Package extauthz measures the door behind Envoy: asked by a client that costs
// next to nothing, beside servers that check nothing, and through a real Envoy.
package extauthz

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/sallyport-iam/sallyport/bench/fleet"
)

const (
	users = 10
	// objects is how many different questions there are.
	objects = 640
	// clientHost is the host that clients send requests to.
	clientHost = "s3.example.com"
)

// path is that of the object of a question.
func path(i int) string { return fmt.Sprintf("%sobject-%d", fleet.Home(i%users), i) }

// questions are what Envoy asks about reads that are signed now: messages of
// gRPC, each with its prefix.
func questions(now time.Time) ([][]byte, error) {
	list := make([][]byte, objects)
	for i := range list {
		var err error
		if list[i], err = question(path(i), fleet.User(i%users), now); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func question(path string, key fleet.Key, now time.Time) ([]byte, error) {
	head, err := fleet.Sign(fleet.Request{Method: http.MethodGet, Path: path, Hash: fleet.EmptyHash}, clientHost, key, now)
	if err != nil {
		return nil, err
	}
	in := &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source:      &authv3.AttributeContext_Peer{Address: address("127.0.0.1", 50000)},
		Destination: &authv3.AttributeContext_Peer{Address: address("127.0.0.1", 10000)},
		Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Id: "1234567890123456789", Method: http.MethodGet, Host: clientHost, Path: path, Scheme: "http", Protocol: "HTTP/1.1",
			HeaderMap: headers(path, head),
		}},
	}}
	text, err := proto.Marshal(in)
	if err != nil {
		return nil, err
	}
	const prefix = 5 // not compressed, and the length
	message := make([]byte, prefix, prefix+len(text))
	binary.BigEndian.PutUint32(message[1:], uint32(len(text)))
	return append(message, text...), nil
}

// headers are the fields of a request as Envoy tells them raw, with its own.
func headers(path string, head []byte) *corev3.HeaderMap {
	m := &corev3.HeaderMap{}
	add := func(name, value string) {
		m.Headers = append(m.Headers, &corev3.HeaderValue{Key: name, RawValue: []byte(value)})
	}
	add(":authority", clientHost)
	add(":path", path)
	add(":method", http.MethodGet)
	add(":scheme", "http")
	for line := range strings.Lines(string(head)) {
		name, value, found := strings.Cut(strings.TrimRight(line, "\r\n"), ": ")
		if name = strings.ToLower(name); found && name != "host" {
			add(name, value)
		}
	}
	add("x-forwarded-for", "127.0.0.1")
	add("x-forwarded-proto", "http")
	add("x-envoy-internal", "true")
	add("x-request-id", "0e6b8d5c-93a1-4a6f-8a3b-5a5a3c1f2d4e")
	return m
}

func address(ip string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: ip, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}

// allowed tells whether a message of gRPC is a check response that allows: by
// its outermost fields alone, for it is asked of every answer.
func allowed(message []byte) bool {
	const prefix, statusField, okField = 5, 1, 3
	if len(message) < prefix || message[0] != 0 {
		return false
	}
	ok := false
	for text := message[prefix:]; len(text) > 0; {
		number, kind, n := protowire.ConsumeTag(text)
		if n < 0 {
			return false
		}
		size := protowire.ConsumeFieldValue(number, kind, text[n:])
		if size < 0 {
			return false
		}
		switch {
		case number == okField:
			ok = true
		case number == statusField && !bytes.HasPrefix(text[n:], []byte{0}): // a code other than OK
			return false
		}
		text = text[n+size:]
	}
	return ok
}
