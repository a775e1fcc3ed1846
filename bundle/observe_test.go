package bundle_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/bundle"
)

// TestObservedAccounts: a route that enforces no policy serves one account
// alone.
func TestObservedAccounts(t *testing.T) {
	t.Parallel()
	two := strings.Replace(small["bundle/bundle.yaml"], "accounts:\n", "accounts:\n  \"444455556666\": {}\n", 1)
	tests := []struct {
		name     string
		settings string
		observe  bool
		want     string
	}{
		{"one account", small["bundle/bundle.yaml"], true, ""},
		{"two, enforced", two, false, ""},
		{"two, observed", two, true, `error OBSERVED_ACCOUNTS bundle.yaml:2:3: the route "main" observes, and the bundle has 2 accounts: ` +
			"nothing would keep one from what belongs to another; set mode: enforce on the route, or keep one account\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			small.with(files{"bundle/bundle.yaml": tt.settings}).write(t, directory)
			o := options(t, directory)
			o.Routes[0].Observe = tt.observe
			s, findings := bundle.Load(o)
			if got := report(findings, directory); got != tt.want || (s == nil) != (tt.want != "") {
				t.Errorf("snapshot %v, findings %s, want %s", s, got, tt.want)
			}
		})
	}
}
