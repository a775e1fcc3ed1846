package wire_test

import (
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
