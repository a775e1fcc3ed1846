// Package secret holds values that must never be shown: they print as
// [redacted] through every formatting, encoding and logging path, and they are
// compared in constant time.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Value is a secret. The zero Value is empty. Values are immutable and safe
// for concurrent use.
type Value struct{ v string }

// New makes a Value of s, which should not be kept elsewhere.
func New(s string) Value { return Value{s} }

// Reveal returns the secret itself: only for the place that computes with it.
func (v Value) Reveal() string { return v.v }

// IsEmpty tells whether there is no secret.
func (v Value) IsEmpty() bool { return v.v == "" }

// Equal compares in time that depends on the lengths only.
func (v Value) Equal(w Value) bool {
	return subtle.ConstantTimeCompare([]byte(v.v), []byte(w.v)) == 1
}

// String returns "[redacted]".
func (v Value) String() string { return redacted }

// GoString returns "[redacted]", for %#v.
func (v Value) GoString() string { return redacted }

// Format writes "[redacted]" whatever the verb, so that no verb reaches the
// field by reflection.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText writes "[redacted]"; encoding/json and YAML encoders use it.
func (v Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue is "[redacted]" for log/slog.
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// UnmarshalText reads the secret from a configuration or key file.
func (v *Value) UnmarshalText(text []byte) error {
	v.v = string(text)
	return nil
}
