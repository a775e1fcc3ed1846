package secret_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/secret"
)

func TestValueNeverPrints(t *testing.T) {
	t.Parallel()
	v := secret.New("hunter2")
	holder := struct {
		Key   secret.Value
		Inner *secret.Value
	}{v, &v}
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"%v":   fmt.Sprintf("%v", v),
		"%+v":  fmt.Sprintf("%+v", holder),
		"%#v":  fmt.Sprintf("%#v", holder),
		"%s":   fmt.Sprintf("%s", v),
		"%q":   fmt.Sprintf("%q", v),
		"%x":   fmt.Sprintf("%x", v),
		"%d":   fmt.Sprintf("%d", v),
		"json": string(encoded),
		"slog": v.LogValue().String(),
	} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("%s shows the secret: %s", name, text)
		}
	}
}

func TestValueEqual(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"a", "a", true},
		{"a", "b", false},
		{"a", "aa", false},
	}
	for _, tt := range tests {
		if got := secret.New(tt.a).Equal(secret.New(tt.b)); got != tt.want {
			t.Errorf("Equal(%q, %q) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}
