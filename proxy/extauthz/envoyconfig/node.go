package envoyconfig

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind is what a node is.
type kind uint8

const (
	null kind = iota
	scalar
	list
	object
)

// node is a value of a document.
type node struct {
	at   position
	kind kind
	// text is a scalar's, quoted tells that it cannot be other than a string.
	text   string
	quoted bool
	items  []*node
	fields []field
}

// field is a member of an object.
type field struct {
	key   string
	at    position
	value *node
}

// snake is the name of a field in a protobuf message, which may be written
// normalizePath as well.
func snake(key string) string {
	if !strings.ContainsFunc(key, func(r rune) bool { return 'A' <= r && r <= 'Z' }) {
		return key
	}
	var b strings.Builder
	for _, r := range key {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// get is a field of a message by its path, such as "route.timeout"; nil if it
// is not there. null is not there.
func (n *node) get(path string) *node {
	for name := range strings.SplitSeq(path, ".") {
		if n = n.one(func(key string) bool { return snake(key) == name }); n == nil {
			return nil
		}
	}
	return n
}

// entry is what a map of strings holds under a key.
func (n *node) entry(key string) *node {
	return n.one(func(k string) bool { return k == key })
}

// one is the field that fits; of several the last, as Envoy reads it.
func (n *node) one(fits func(key string) bool) *node {
	if n == nil {
		return nil
	}
	for _, f := range slices.Backward(n.fields) {
		if fits(f.key) {
			if f.value.kind == null {
				return nil
			}
			return f.value
		}
	}
	return nil
}

// each are the elements of a list; none if it is not one.
func (n *node) each() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// string is the text of a scalar; empty if it is none.
func (n *node) string() string {
	if n == nil || n.kind != scalar {
		return ""
	}
	return n.text
}

// unwrapped is the value of a wrapper such as BoolValue, which may be written as
// an object.
func (n *node) unwrapped() *node {
	if n != nil && n.kind == object && len(n.fields) == 1 && n.fields[0].key == "value" {
		return n.fields[0].value
	}
	return n
}

// off tells that a flag is certainly false: absent or written so. Anything that
// is not understood is not off.
func (n *node) off() bool {
	if n == nil {
		return true
	}
	n = n.unwrapped()
	return n.kind == scalar && (n.text == "false" || !n.quoted && slices.Contains(falses, n.text))
}

// on tells that a flag is certainly true.
func (n *node) on() bool {
	n = n.unwrapped()
	return n != nil && n.kind == scalar && (n.text == "true" || !n.quoted && slices.Contains(trues, n.text))
}

// What Envoy's reader of YAML takes for flags.
var (
	falses = []string{"False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF"}
	trues  = []string{"True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON"}
)

// number is an unsigned number.
func (n *node) number() (uint64, bool) {
	n = n.unwrapped()
	if n == nil || n.kind != scalar {
		return 0, false
	}
	value, err := strconv.ParseUint(n.text, 10, 64)
	return value, err == nil
}

// duration is one as protobuf writes it, 0.25s.
func (n *node) duration() (time.Duration, bool) {
	text, ok := strings.CutSuffix(n.string(), "s")
	seconds, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil || seconds < 0 || seconds > 1e9 || strings.ContainsAny(text, "eExXpP_+iInN") {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// shown is the value as a finding has it.
func (n *node) shown() string {
	n = n.unwrapped()
	switch {
	case n == nil:
		return "absent"
	case n.kind == list:
		return "a list"
	case n.kind == object:
		return "an object"
	case n.kind == null:
		return "null"
	}
	return shorten(n.text)
}

// shorten keeps a text of the file from filling a finding.
func shorten(s string) string {
	const most = 80
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	if len(clean) > most {
		clean = strings.ToValidUTF8(clean[:most], "") + "…"
	}
	return clean
}

// message is what a node of type Any holds: the type's name without its prefix,
// and the message. A TypedStruct is taken for the message it stands for. The
// name is empty if the node is no Any.
func (n *node) message() (name string, fields *node) {
	if n == nil || n.kind != object {
		return "", nil
	}
	name = typeName(n.entry("@type").string())
	if name == "udpa.type.v1.TypedStruct" || name == "xds.type.v3.TypedStruct" {
		value := n.get("value")
		if value == nil {
			value = &node{at: n.at, kind: object}
		}
		return typeName(n.get("type_url").string()), value
	}
	return name, n
}

func typeName(url string) string {
	return url[strings.LastIndexByte(url, '/')+1:]
}
