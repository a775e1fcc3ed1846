package checkpb_test

import (
	"fmt"
	"strings"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sallyport-iam/sallyport/proxy/extauthz/checkpb"
)

// nest puts a message into fields, the innermost last.
func nest(message []byte, numbers ...protowire.Number) []byte {
	for i := len(numbers) - 1; i >= 0; i-- {
		message = protowire.AppendBytes(protowire.AppendTag(nil, numbers[i], protowire.BytesType), message)
	}
	return message
}

func text(number protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), s)
}

func number(number protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), v)
}

func join(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// http are parts of an AttributeContext.HttpRequest, in a CheckRequest.
func http(parts ...[]byte) []byte { return nest(join(parts...), 1, 4, 2) }

// source are parts of the source's Address, in a CheckRequest.
func source(parts ...[]byte) []byte { return nest(join(parts...), 1, 1, 1) }

// messages are questions that the rules of protobuf are about.
func messages() map[string][]byte {
	group := func(n int) []byte {
		return join([]byte(strings.Repeat("\x1b", n)), []byte(strings.Repeat("\x1c", n)))
	}
	overlong := func(n int) []byte { return join([]byte{0x08}, []byte(strings.Repeat("\x80", n)), []byte{0}) }
	many := func(number protowire.Number, n int) (out []byte) {
		for i := range n {
			out = append(out, nest(join(text(1, fmt.Sprint("k", i)), text(2, "v")), number)...)
		}
		return out
	}
	// A google.protobuf.Value in which n lists are nested.
	lists := func(n int) (value []byte) {
		for range n {
			value = nest(value, 6, 1)
		}
		return value
	}
	in := func(value []byte) []byte { return nest(join(nest(value, 2)), 1, 11, 1, 2, 1) }
	return map[string][]byte{
		"nothing":                     nil,
		"no attributes":               text(1, ""),
		"no http":                     nest(nil, 1, 4),
		"an empty http":               http(),
		"every field":                 http(text(1, "id"), text(2, "GET"), text(4, "/a?b"), text(5, "host"), text(6, "https"), text(7, "q"), text(8, "f"), number(9, 5), text(10, "HTTP/2"), text(11, "body"), text(12, "\xff")),
		"the last value counts":       http(text(2, "GET"), text(2, "PUT"), text(4, "/a"), text(4, "")),
		"the last http counts":        join(http(text(2, "GET"), text(5, "a")), http(text(2, "PUT"))),
		"attributes in parts":         join(nest(text(4, "me"), 1, 1), http(text(2, "GET")), nest(text(4, "you"), 1, 1)),
		"a negative size":             http(number(9, 1<<64-1)),
		"a size as text":              http(text(9, "5")),
		"a method as a number":        http(number(2, 5)),
		"a method in four bytes":      http([]byte{2<<3 | 5, 1, 2, 3, 4}, text(2, "GET")),
		"a method in eight bytes":     http([]byte{2<<3 | 1, 1, 2, 3, 4, 5, 6, 7, 8}, text(2, "GET")),
		"three of four bytes":         http([]byte{2<<3 | 5, 1, 2, 3}),
		"a method in a group":         http([]byte{2<<3 | 3, 0x08, 1, 2<<3 | 4}, text(2, "GET")),
		"a group that another ends":   http([]byte{2<<3 | 3, 0x08, 1, 3<<3 | 4}),
		"a group that nothing ends":   http([]byte{2<<3 | 3, 0x08, 1}),
		"an end of no group":          http([]byte{2<<3 | 4}),
		"a great number in a group":   join([]byte{1<<3 | 3}, protowire.AppendVarint(nil, 1<<34-8), []byte{0, 1<<3 | 4}),
		"too great a one in a group":  join([]byte{1<<3 | 3}, protowire.AppendVarint(nil, 1<<34), []byte{0, 1<<3 | 4}),
		"a wire type 6":               {1<<3 | 6, 0},
		"a wire type 7":               {1<<3 | 7, 0},
		"field 0":                     {0, 0},
		"the greatest field":          join(protowire.AppendVarint(nil, (1<<29-1)<<3), []byte{0}),
		"a greater field":             join(protowire.AppendVarint(nil, (1<<29)<<3), []byte{0}),
		"a field beyond 32 bits":      join(protowire.AppendVarint(nil, 1<<32|1<<3|2), []byte{0}),
		"an overlong tag":             join([]byte{0x8a, 0x80, 0x00, 0}),
		"an overlong varint":          overlong(8),
		"the longest varint":          join([]byte{0x08}, []byte(strings.Repeat("\xff", 9)), []byte{1}),
		"a varint over 64 bits":       join([]byte{0x08}, []byte(strings.Repeat("\xff", 9)), []byte{2}),
		"a varint too long":           overlong(10),
		"half a varint":               {0x08, 0x80},
		"a length beyond the end":     {0x0a, 5, 1},
		"a length beyond 63 bits":     join([]byte{0x0a}, protowire.AppendVarint(nil, 1<<63+1)),
		"half a tag":                  {0x80},
		"unknown fields":              http(text(99, "\xff"), number(100, 5), text(2, "GET")),
		"bytes outside UTF-8":         http(text(4, "/\xff")),
		"outside UTF-8, then good":    http(text(4, "/\xff"), text(4, "/a")),
		"a surrogate":                 http(text(4, "\xed\xa0\x80")),
		"raw fields":                  http(nest(join(nest(join(text(1, "a"), text(3, "\xff")), 1), nest(join(text(1, "a"), text(2, "b")), 1)), 13), nest(nest(text(1, "c"), 1), 13)),
		"a field with two values":     http(nest(nest(join(text(2, "a"), text(3, "b")), 1), 13)),
		"an empty raw value":          http(nest(nest(join(text(3, "a"), text(3, ""), text(2, "b")), 1), 13)),
		"a name outside UTF-8":        http(nest(nest(text(1, "\xff"), 1), 13)),
		"merged fields":               http(nest(join(text(1, "a"), text(2, "1")), 3), nest(join(text(1, "b"), text(2, "2")), 3), nest(join(text(2, "3"), text(1, "a")), 3)),
		"an entry without a value":    http(nest(join(text(1, "a"), text(2, "1")), 3), nest(text(1, "a"), 3)),
		"an entry without a key":      http(nest(text(2, "1"), 3)),
		"an entry with two keys":      http(nest(join(text(1, "a"), text(1, "b"), text(2, "1")), 3)),
		"an entry's key as a number":  http(nest(join(number(1, 5), text(2, "1")), 3)),
		"an entry that ends a group":  http(nest([]byte{1<<3 | 4}, 3)),
		"a value outside UTF-8":       http(nest(join(text(1, "a"), text(2, "\xff")), 3)),
		"as many fields as are kept":  http(many(3, checkpb.MaxPairs+1)),
		"more fields than are kept":   http(many(3, checkpb.MaxPairs+9), many(3, 3)),
		"more raw ones":               http(nest(many(1, checkpb.MaxPairs+9), 13)),
		"more, and no protobuf":       http(many(3, checkpb.MaxPairs+9), []byte{0}),
		"extensions":                  nest(join(nest(join(text(1, "a"), text(2, "1")), 10), nest(join(text(1, "a"), text(2, "2")), 10)), 1),
		"an address":                  source(nest(join(text(2, "127.0.0.1"), number(3, 1<<32+80)), 1)),
		"an address in parts":         join(source(nest(text(2, "127.0.0.1"), 1)), source(nest(number(3, 80), 1))),
		"a port with a name":          source(nest(join(number(3, 80), text(4, "http")), 1)),
		"a port after its name":       source(nest(join(text(4, "http"), number(3, 80)), 1)),
		"a pipe":                      source(nest(text(1, "/tmp/x"), 2)),
		"a pipe after an address":     source(nest(text(2, "127.0.0.1"), 1), nest(text(1, "/tmp/x"), 2)),
		"an address after a pipe":     source(nest(join(text(2, "127.0.0.1"), number(3, 80)), 1), nest(nil, 2), nest(text(2, "::1"), 1)),
		"an internal address":         source(nest(text(2, "127.0.0.1"), 1), nest(text(1, "listener"), 3)),
		"groups as deep as may be":    group(10001),
		"deeper groups":               group(10002),
		"lists as deep as may be":     in(lists(4996)),
		"deeper lists":                in(lists(4997)),
		"metadata that is no message": nest([]byte{0x80}, 1, 11),
	}
}

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	for name, m := range messages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, m)
		})
	}
	t.Run("the depths are the border", func(t *testing.T) {
		t.Parallel()
		for name, m := range messages() {
			var r checkpb.Request
			if err := r.Unmarshal(string(m)); strings.HasSuffix(name, "as deep as may be") && err != nil || strings.HasPrefix(name, "deeper ") && err == nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestTexts: a text outside UTF-8 is found in whatever field it is, as the
// generated types tell what fields there are.
func TestTexts(t *testing.T) {
	t.Parallel()
	fields := 0
	var walk func(m protoreflect.MessageDescriptor, depth int, around func([]byte) []byte)
	walk = func(m protoreflect.MessageDescriptor, depth int, around func([]byte) []byte) {
		for i := range m.Fields().Len() {
			field := m.Fields().Get(i)
			in := func(message []byte) []byte { return around(nest(message, field.Number())) }
			switch field.Kind() {
			case protoreflect.StringKind, protoreflect.BytesKind:
				fields++
				t.Run(string(field.FullName()), func(t *testing.T) {
					compare(t, around(text(field.Number(), "\xff")))
					compare(t, around(text(field.Number(), "é")))
				})
			case protoreflect.MessageKind:
				compare(t, in([]byte{0}))
				if depth > 0 {
					walk(field.Message(), depth-1, in)
				}
			default:
				compare(t, around(text(field.Number(), "\xff")))
			}
		}
	}
	const enough = 12 // for what is nested in itself
	walk((&authv3.CheckRequest{}).ProtoReflect().Descriptor(), enough, func(m []byte) []byte { return m })
	if fields < 50 {
		t.Errorf("%d fields were found", fields)
	}
}

// FuzzUnmarshal reads anything as the generated types do.
func FuzzUnmarshal(f *testing.F) {
	for _, m := range messages() {
		if len(m) < 1<<10 {
			f.Add(m)
		}
	}
	f.Fuzz(compare)
}

func BenchmarkUnmarshal(b *testing.B) {
	var fields [][]byte
	for i := range 16 {
		fields = append(fields, nest(join(text(1, fmt.Sprint("x-header-", i)), text(3, "some value of it")), 1))
	}
	m := join(http(text(2, "GET"), text(4, "/reports/a"), text(5, "localhost"), text(6, "http"), nest(join(fields...), 13)), source(nest(join(text(2, "127.0.0.1"), number(3, 80)), 1)))
	b.Run("view", func(b *testing.B) {
		b.ReportAllocs()
		var r checkpb.Request
		for b.Loop() {
			if err := r.Unmarshal(string(m)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("generated", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := proto.Unmarshal(m, &authv3.CheckRequest{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
