package wire_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/wire"
)

func TestParseTarget(t *testing.T) {
	t.Parallel()
	tests := []struct {
		target, path, query string
		hasQuery            bool
	}{
		{"/", "/", "", false},
		{"/?", "/", "", true},
		{"/b/k", "/b/k", "", false},
		{"//", "//", "", false},
		{"/b//k/../x/./", "/b//k/../x/./", "", false},
		{"/b/%2e%2E/%00%ff", "/b/%2e%2E/%00%ff", "", false},
		{"/b/a+b;c{d}|\"<>^`\\", "/b/a+b;c{d}|\"<>^`\\", "", false},
		{"/b?acl", "/b", "acl", true},
		{"/b?a=1?b=2", "/b", "a=1?b=2", true},
		{"/b?x=http://h/", "/b", "x=http://h/", true},
	}
	for _, tt := range tests {
		path, query, hasQuery, refusal := wire.ParseTarget(tt.target)
		if refusal != nil {
			t.Errorf("ParseTarget(%q) refused: %v", tt.target, refusal)
			continue
		}
		if path != tt.path || query != tt.query || hasQuery != tt.hasQuery {
			t.Errorf("ParseTarget(%q) = %q, %q, %v", tt.target, path, query, hasQuery)
		}
		if got := (&wire.Request{Path: path, RawQuery: query, HasQuery: hasQuery}).Target(); got != tt.target {
			t.Errorf("Target of ParseTarget(%q) = %q", tt.target, got)
		}
	}
}

func TestParseTargetRefuses(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"", "*", "b/k", "http://h/b", "?x", "/a b", "/a\tb", "/a\r\nb", "/a\x00b", "/a\x7fb", "/é", "/\xff", "/a#b", "/?a#b",
		"/%", "/%1", "/%G1", "/%1g", "/a?x=%", "/a?x=%0", "/a?é",
	} {
		_, _, _, refusal := wire.ParseTarget(target)
		if refusal == nil {
			t.Errorf("ParseTarget(%q) accepted", target)
			continue
		}
		if refusal.Status != 400 || refusal.Code != "InvalidURI" {
			t.Errorf("ParseTarget(%q) = %d %s", target, refusal.Status, refusal.Code)
		}
	}
}

func TestParseQuery(t *testing.T) {
	t.Parallel()
	tests := []struct {
		raw  string
		want wire.Query
	}{
		{"", nil},
		{"&&", wire.Query{}},
		{"acl", wire.Query{{RawName: "acl", Name: "acl"}}},
		{"acl=", wire.Query{{RawName: "acl", Name: "acl", HasValue: true}}},
		{"a=1&&b", wire.Query{{RawName: "a", RawValue: "1", Name: "a", Value: "1", HasValue: true}, {RawName: "b", Name: "b"}}},
		{"a=b=c", wire.Query{{RawName: "a", RawValue: "b=c", Name: "a", Value: "b=c", HasValue: true}}},
		{"a=1%3Bb=2", wire.Query{{RawName: "a", RawValue: "1%3Bb=2", Name: "a", Value: "1;b=2", HasValue: true}}},
		{"=v", wire.Query{{RawValue: "v", Value: "v", HasValue: true}}},
		{"%61=%2B%2520", wire.Query{{RawName: "%61", RawValue: "%2B%2520", Name: "a", Value: "+%20", HasValue: true}}},
		{"a=2&a=1", wire.Query{{RawName: "a", RawValue: "2", Name: "a", Value: "2", HasValue: true}, {RawName: "a", RawValue: "1", Name: "a", Value: "1", HasValue: true}}},
	}
	for _, tt := range tests {
		got, refusal := wire.ParseQuery(tt.raw)
		if refusal != nil {
			t.Errorf("ParseQuery(%q) refused: %v", tt.raw, refusal)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("ParseQuery(%q): %s", tt.raw, diff)
		}
	}
}

func TestParseQueryRefuses(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"plus in a value":   "prefix=a+b",
		"plus in a name":    "a+b",
		"half an escape":    "a=%2",
		"escape in a name":  "%zz=1",
		"too many":          strings.Repeat("a&", wire.MaxParams+1),
		"plus after others": "a=1&b=2&c=+",
		// A second parameter to stores that route by gorilla/mux.
		"another sub-resource": "x-id=a;tagging",
		// No parameter at all to stores that read it with Go's net/url.
		"a sub-resource left out": "tagging=;",
	} {
		if _, refusal := wire.ParseQuery(raw); refusal == nil || refusal.Code != "InvalidURI" {
			t.Errorf("%s: %v", name, refusal)
		}
	}
	if _, refusal := wire.ParseQuery(strings.Repeat("a&", wire.MaxParams)); refusal != nil {
		t.Errorf("%d parameters: %v", wire.MaxParams, refusal)
	}
}

func TestQueryLookup(t *testing.T) {
	t.Parallel()
	query, _ := wire.ParseQuery("versionId=1&%76ersionId=2&versionid=3&acl")
	if got := query.Get("versionId"); got != "1" {
		t.Errorf("Get = %q, want the first", got)
	}
	if got := query.Count("versionId"); got != 2 {
		t.Errorf("Count = %d, want 2: encoded names count, other cases do not", got)
	}
	if p, ok := query.Lookup("acl"); !ok || p.HasValue {
		t.Errorf("Lookup(acl) = %+v, %v", p, ok)
	}
	if query.Has("ACL") || query.Get("none") != "" {
		t.Error("names are compared with case")
	}
}

func TestUnescape(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, want string
		ok       bool
	}{
		{"", "", true},
		{"a+b", "a+b", true},
		{"%41%62%2f%2F", "Ab//", true},
		{"%252e", "%2e", true},
		{"%00%ff", "\x00\xff", true},
		{"%", "", false},
		{"a%4", "", false},
		{"%4G", "", false},
		{"%%41", "", false},
	}
	for _, tt := range tests {
		if got, ok := wire.Unescape(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("Unescape(%q) = %q, %v; want %q, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func TestRemoveParams(t *testing.T) {
	t.Parallel()
	tests := []struct{ raw, want string }{
		{"", ""}, {"a=1", "a=1"}, {"x=1", ""}, {"x", ""}, {"&&", "&&"}, {"a=%2f&&x=1&b", "a=%2f&&b"}, {"x=1&a&x=2", "a"}, {"%78=1&a", "a"}, {"a&xx=1", "a&xx=1"},
	}
	for _, tt := range tests {
		r := &wire.Request{Path: "/", RawQuery: tt.raw, HasQuery: tt.raw != ""}
		r.Query, _ = wire.ParseQuery(tt.raw)
		r.RemoveParams(func(name string) bool { return name == "x" })
		want, _ := wire.ParseQuery(tt.want)
		if r.RawQuery != tt.want || r.HasQuery != (tt.want != "") || len(r.Query) != len(want) {
			t.Errorf("%q became %q with %d parameters, want %q", tt.raw, r.RawQuery, len(r.Query), tt.want)
		}
	}
}

// TestMuseum_19_rawBytes: no form of a path is cleaned or merged on the way
// through the parser, and what has no certain reading is refused.
func TestMuseum_19_rawBytes(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/b/a+b", "/b/a%2Bb", "/b//k", "/b/../k", "/b/%2e%2e/k", "/b/%00", "/b/%ff%fe", "/b/./", "/b/%2F"} {
		got, _, _, refusal := wire.ParseTarget(path)
		if refusal != nil || got != path {
			t.Errorf("ParseTarget(%q) = %q, %v", path, got, refusal)
		}
	}
	for _, path := range []string{"/b/\xff\xfe", "/b/é", "/b/\x00"} {
		if _, _, _, refusal := wire.ParseTarget(path); refusal == nil {
			t.Errorf("ParseTarget(%q) accepted", path)
		}
	}
	if _, refusal := wire.ParseQuery("prefix=a+b"); refusal == nil {
		t.Error("a raw + in the query was accepted")
	}
	if _, refusal := wire.ParseQuery("prefix=home/;policy"); refusal == nil {
		t.Error("a raw ; in the query was accepted")
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"/", "//h/x?y", "/a%2Fb?acl&x=%00", "*", "http://h/", "/%", "/a#", "/a?b?c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) {
		path, query, hasQuery, refusal := wire.ParseTarget(target)
		if refusal != nil {
			return
		}
		r := wire.Request{Path: path, RawQuery: query, HasQuery: hasQuery}
		if r.Target() != target {
			t.Fatalf("%q became %q", target, r.Target())
		}
		if path == "" || path[0] != '/' || strings.ContainsAny(path, "?# \r\n\x00") {
			t.Fatalf("path %q", path)
		}
		if _, ok := wire.Unescape(path); !ok {
			t.Fatalf("path %q was accepted and does not decode", path)
		}
	})
}

func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{"", "a", "a=", "a=b=c&&d", "%61=%2B", "a+b", "%", ";", "=&="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		query, refusal := wire.ParseQuery(raw)
		if refusal != nil {
			return
		}
		// What was parsed is what was sent, but for empty pieces.
		var sent, parsed []string
		for _, piece := range strings.Split(raw, "&") {
			if piece != "" {
				sent = append(sent, piece)
			}
		}
		for _, p := range query {
			piece := p.RawName
			if p.HasValue {
				piece += "=" + p.RawValue
			}
			parsed = append(parsed, piece)
			name, err1 := url.PathUnescape(p.RawName)
			value, err2 := url.PathUnescape(p.RawValue)
			if err1 != nil || err2 != nil || name != p.Name || value != p.Value {
				t.Fatalf("%q decoded to %q, %q", piece, p.Name, p.Value)
			}
		}
		if diff := cmp.Diff(sent, parsed); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzUnescape(f *testing.F) {
	for _, seed := range []string{"", "%41", "%", "%4", "%%41", "a%2fb", "+", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := wire.Unescape(s)
		want, err := url.PathUnescape(s)
		if ok != (err == nil) || ok && got != want {
			t.Fatalf("Unescape(%q) = %q, %v; net/url has %q, %v", s, got, ok, want, err)
		}
	})
}
