package proxy_test

import (
	"strings"
	"testing"
)

// TestServeBucketPolicy answers with the policy that is enforced, to who may
// know it, and asks no store.
func TestServeBucketPolicy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, user, method, target, body string
		observe                          bool
		status                           int
		holds                            string
	}{
		{"the policy", "alice", "GET", "/reports?policy", "", false, 200, bundleFiles["accounts/111122223333/resources/s3/reports.json"]},
		{"its status", "alice", "GET", "/reports?policyStatus", "", false, 200, "<IsPublic>true</IsPublic>"},
		{"a bucket without one", "alice", "GET", "/untagged?policy", "", false, 404, "<Code>NoSuchBucketPolicy</Code>"},
		{"to who may not know it", "bob", "GET", "/reports?policy", "", false, 403, "s3:GetBucketPolicy"},
		{"to who may not know it, observed", "bob", "GET", "/reports?policy", "", true, 403, "s3:GetBucketPolicy"},
		{"to nobody", "", "GET", "/reports?policy", "", false, 403, "AccessDenied"},
		{"a change", "alice", "PUT", "/reports?policy", "{}", false, 405, "accounts/111122223333/resources/s3/reports.json"},
		{"a deletion", "alice", "DELETE", "/reports?policy", "", false, 405, "accounts/111122223333/resources/s3/reports.json"},
		{"a change by who may not", "bob", "PUT", "/reports?policy", "{}", false, 403, "s3:PutBucketPolicy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.route.Observe = tt.observe
			got := b.serve(request(t, tt.user, tt.method, "localhost", tt.target, tt.body))
			if got.status != tt.status || got.forwarded || !strings.Contains(got.body, tt.holds) {
				t.Errorf("status %d, forwarded %t, %s, want %d and %s", got.status, got.forwarded, got.body, tt.status, tt.holds)
			}
		})
	}
}
