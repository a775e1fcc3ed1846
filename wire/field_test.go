package wire_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

func TestFieldValue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sent, want string
		ok         bool
	}{
		{"a", "a", true},
		{" \ta b\t ", "a b", true},
		{"caf\xe9", "caf\xe9", true},
		{"", "", true},
		{"a\nb", "", false},
		{"a\x00", "", false},
		{"a\x7f", "", false},
		{"a\u00a0", "", false},
		{"\u2003a", "", false},
	}
	for _, tt := range tests {
		got, refusal := wire.FieldValue("x", tt.sent)
		if got != tt.want || (refusal == nil) != tt.ok {
			t.Errorf("%q: %q, %v", tt.sent, got, refusal)
		}
	}
}

func TestCheckConnection(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fields wire.Fields
		ok     bool
	}{
		{nil, true},
		{wire.Fields{{Name: "connection", Value: "Keep-Alive, TE,close"}, {Name: "user-agent", Value: "a"}}, true},
		{wire.Fields{{Name: "connection", Value: "close"}, {Name: "connection", Value: "x-amz-date"}}, false},
		{wire.Fields{{Name: "upgrade", Value: ""}}, false},
		{wire.Fields{{Name: "user-agent", Value: "a"}, {Name: "user-agent", Value: "a"}}, false},
	}
	for _, tt := range tests {
		if refusal := tt.fields.CheckConnection(); (refusal == nil) != tt.ok {
			t.Errorf("%v: %v", tt.fields, refusal)
		}
	}
}

// TestIsFieldValue: wherever in a value a byte stands, it is looked at.
func TestIsFieldValue(t *testing.T) {
	t.Parallel()
	for length := range 20 {
		for at := range length {
			for c := range 256 {
				value := []byte(strings.Repeat("é~ ", 7)[:length])
				value[at] = byte(c)
				if got, want := wire.IsFieldValue(string(value)), c >= ' ' && c != 0x7f || c == '\t'; got != want {
					t.Fatalf("%q: %v", value, got)
				}
			}
		}
	}
}

func TestIsFieldName(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		s := "a" + string([]byte{byte(c)})
		token := strings.Contains("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", s[1:])
		if wire.IsToken(s) != token || wire.IsFieldName(s) != (token && strings.ToLower(s) == s) {
			t.Errorf("%q: a token %v, a name %v", s, wire.IsToken(s), wire.IsFieldName(s))
		}
	}
	if wire.IsToken("") || wire.IsFieldName("") {
		t.Error("nothing is a name")
	}
}
