package session

import (
	"os"
	"strings"
	"testing"
)

// These tests try the names that are made of others' values, of which a verifier lets
// through few.

func TestNameOf(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, value := range []string{
		"alice", "alice@example.com", "a", "", "system:serviceaccount:prod:reports", "system.serviceaccount.prod.reports", "system_serviceaccount_prod_reports",
		"repo:acme/app:ref:refs/heads/main", "spiffe://example.org/ns/a", "Zoë", "Zo_", strings.Repeat("x", 64), strings.Repeat("x", 65), strings.Repeat("x", 66),
		nameOf("a b"), "a b", nameOf(nameOf("a b")), "x-0123456789abcdef", "-0123456789abcdef", "0123456789abcdef", "x-0123456789ABCDEF", "a\x00b", "\xff", "\xfe",
	} {
		name := nameOf(value)
		if !isName(name, maxName) {
			t.Errorf("%q becomes %q, which is no name", value, name)
		}
		if other, ok := seen[name]; ok && other != value {
			t.Errorf("%q and %q both become %q", value, other, name)
		}
		seen[name] = value
	}
	for _, value := range []string{"alice", "alice@example.com", strings.Repeat("x", 64), "0123456789abcdef"} {
		if got := nameOf(value); got != value {
			t.Errorf("%q becomes %q", value, got)
		}
	}
	if got := nameOf("system:serviceaccount:prod:reports"); !strings.HasPrefix(got, "system_serviceaccount_prod_reports-") {
		t.Errorf("the name does not tell whose it is: %q", got)
	}
}

func FuzzNameOf(f *testing.F) {
	f.Add("system:serviceaccount:prod:reports", "a-0123456789abcdef")
	f.Fuzz(func(t *testing.T, a, b string) {
		if x := nameOf(a); !isName(x, maxName) || x == nameOf(b) && a != b {
			t.Errorf("%q and %q become %q", a, b, x)
		}
	})
}

// TestNameInDocs is the name that docs/sessions.md shows.
func TestNameInDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/sessions.md")
	if err != nil {
		t.Fatal(err)
	}
	const value = "system:serviceaccount:prod:web"
	if want := "`" + value + "` becomes `" + nameOf(value) + "`"; !strings.Contains(string(text), want) {
		t.Errorf("docs/sessions.md does not say %s", want)
	}
}
