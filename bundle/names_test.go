package bundle_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/bundle"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"readers", "writers", "administrators"}
	tests := []struct{ name, want string }{
		{"reader", "readers"},
		{"Readers", "readers"},
		{"wirters", "writers"},
		{"administrator", "administrators"},
		{"nobody", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := bundle.Nearest(tt.name, known); got != tt.want {
			t.Errorf("nearest to %q: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"same", "same", 0}}
	for _, tt := range tests {
		if got := bundle.EditDistance(tt.a, tt.b); got != tt.want {
			t.Errorf("from %q to %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
