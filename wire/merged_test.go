package wire_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

func TestMayBeMerged(t *testing.T) {
	t.Parallel()
	signed := wire.Field{Name: "authorization", Value: "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host;range, Signature=y"}
	for name, tt := range map[string]struct {
		field wire.Field
		query wire.Query
		want  string
	}{
		"nothing of note":                {wire.Field{Name: "range", Value: "bytes=1-2"}, nil, ""},
		"a list that is signed":          {wire.Field{Name: "range", Value: "bytes=1-2,4-5"}, nil, "range"},
		"a list that does not count":     {wire.Field{Name: "accept", Value: "a,b"}, nil, ""},
		"bytes that were replaced":       {wire.Field{Name: "x-amz-meta-a", Value: "caf!"}, nil, "x-amz-meta-a"},
		"a list that a presigner signed": {wire.Field{Name: "accept", Value: "a,b"}, wire.Query{{Name: "X-Amz-SignedHeaders", Value: "accept;host"}}, "accept"},
	} {
		r := &wire.Request{Fields: wire.Fields{signed, tt.field}, Query: tt.query}
		if got, merged := r.MayBeMerged(); got != tt.want || merged != (tt.want != "") {
			t.Errorf("%s: %q, %t", name, got, merged)
		}
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	field := func(name, value string) wire.Field { return wire.Field{Name: name, Value: value} }
	a := wire.Fields{field("a", "1"), field("b", "x"), field("a", "2")}
	for name, tt := range map[string]struct {
		other wire.Fields
		want  bool
	}{
		"the same":      {wire.Fields{field("a", "1"), field("a", "2"), field("b", "y")}, true},
		"another order": {wire.Fields{field("a", "2"), field("a", "1")}, false},
		"one less":      {wire.Fields{field("a", "1")}, false},
		"one more":      {wire.Fields{field("a", "1"), field("a", "2"), field("a", "2")}, false},
		"none":          {nil, false},
	} {
		if got := a.Same(tt.other, "a"); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if !a.Same(nil, "c") {
		t.Error("none and none differ")
	}
}

func TestUndeclaredSize(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]int64{"GET": 0, "HEAD": 0, "DELETE": 0, "OPTIONS": 0, "PUT": -1, "POST": -1, "PATCH": -1, "get": -1} {
		if got := wire.UndeclaredSize(method); got != want {
			t.Errorf("%s: %d", method, got)
		}
	}
}
