package s3_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action/s3"
)

// golden is a line of testdata/operations.txt.
type golden struct {
	method, target string
	fields         []string
	operation      string
	accesses       []string // nil if the operation is not served
}

func readGolden(tb testing.TB) []golden {
	tb.Helper()
	text, err := os.ReadFile("testdata/operations.txt")
	if err != nil {
		tb.Fatal(err)
	}
	var out []golden
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		request, rest, _ := strings.Cut(line, "  ")
		operation, want, ok := strings.Cut(rest, "  ")
		if !ok {
			tb.Fatalf("bad line %q", line)
		}
		var g golden
		g.operation = operation
		g.method, g.target, _ = strings.Cut(request, " ")
		if target, field, ok := strings.Cut(g.target, " ["); ok {
			g.target, g.fields = target, []string{strings.TrimSuffix(field, "]")}
		}
		if want != "refused" {
			replace := strings.NewReplacer("@B", "@reports", "@O", "@reports/2026/q1.csv", "@S", "@archive/old/q1.csv", "@R", "@reports/old/q1.csv")
			g.accesses = strings.Fields(replace.Replace(want))
		}
		out = append(out, g)
	}
	return out
}

// deleteBoth names an object and a version of it.
const deleteBoth = "<Delete><Object><Key>2026/q1.csv</Key></Object><Object><Key>2026/q1.csv</Key><VersionId>v1</VersionId></Object></Delete>"

func TestEveryOperation(t *testing.T) {
	t.Parallel()
	for _, g := range readGolden(t) {
		t.Run(g.operation+" "+g.target, func(t *testing.T) {
			t.Parallel()
			body := ""
			if g.operation == "DeleteObjects" {
				body = deleteBoth
			}
			op, mapped, refusal := mapWith(mapper, request(t, g.method, g.target, g.fields...), place(), body)
			if g.accesses == nil {
				if refusal == nil || refusal.Code != "NotImplemented" && refusal.Code != "MethodNotAllowed" {
					t.Fatalf("refusal %v, want NotImplemented", refusal)
				}
				return
			}
			if refusal != nil {
				t.Fatalf("refused: %v (%s)", refusal, refusal.Cause)
			}
			if op.Name != g.operation {
				t.Errorf("operation %s, want %s", op.Name, g.operation)
			}
			if diff := cmp.Diff(g.accesses, printed(mapped.Accesses)); diff != "" {
				t.Errorf("accesses (-want +got):\n%s", diff)
			}
			for i := range mapped.Accesses {
				a := &mapped.Accesses[i]
				want := storage
				if strings.HasPrefix(a.Resource, "arn:aws:s3:::archive") {
					want = history
				}
				if a.Account != want {
					t.Errorf("%s is owned by %s, want %s", a.Resource, a.Account, want)
				}
				names := []string{"aws:resourceaccount", "s3:resourceaccount"}
				if a.Action == "iam:PassRole" {
					names = names[:1]
				}
				for _, name := range names {
					if got := keyOf(a, name); got != want {
						t.Errorf("%s of %s is %s, want %s", name, a.Resource, got, want)
					}
				}
			}
		})
	}
}

// TestTableIsGolden holds the table and the golden file together: each has all
// operations of the other, but for deprecated names of the same wire form and
// what only another host serves.
func TestTableIsGolden(t *testing.T) {
	t.Parallel()
	inFile := map[string]bool{}
	for _, g := range readGolden(t) {
		inFile[g.operation] = true
	}
	elsewhere := map[string]bool{
		"GetBucketLifecycle": true, "PutBucketLifecycle": true, "GetBucketNotification": true, "PutBucketNotification": true,
		"WriteGetObjectResponse": true,
	}
	seen := map[string]bool{}
	for _, o := range s3.Operations() {
		if seen[o.Name] {
			t.Errorf("%s has two rows", o.Name)
		}
		seen[o.Name] = true
		if !inFile[o.Name] && !elsewhere[o.Name] {
			t.Errorf("%s has no golden line", o.Name)
		}
		if o.Refused == "" && len(o.Actions) == 0 {
			t.Errorf("%s is served without an action", o.Name)
		}
	}
	for name := range inFile {
		if !seen[name] {
			t.Errorf("%s has no row", name)
		}
	}
	if len(seen) != 116+1 { // and PostObject
		t.Errorf("%d operations, want 117", len(seen))
	}
}

// selectors that a second one is tried with, at either level.
var selectors = []string{
	"abac", "accelerate", "acl", "analytics", "annotation", "attributes", "cors", "delete", "encryption", "intelligent-tiering",
	"inventory", "legal-hold", "lifecycle", "list-type=2", "location", "logging", "metadataAnnotationTable", "metadataConfiguration",
	"metadataInventoryTable", "metadataJournalTable", "metadataTable", "metrics", "notification", "object-lock", "ownershipControls",
	"policy", "policyStatus", "publicAccessBlock", "renameObject", "replication", "requestPayment", "restore", "retention", "select",
	"session", "tagging", "torrent", "uploadId=u2", "uploads", "versioning", "versions", "website",
}

// TestSecondSelector adds each selector to each request that has one: 400.
// Added to a request that has none, it is that sub-resource, never the plain
// operation.
func TestSecondSelector(t *testing.T) {
	t.Parallel()
	plain := map[string]bool{
		"ListBuckets": true, "CreateBucket": true, "DeleteBucket": true, "HeadBucket": true, "ListObjects": true, "PostObject": true,
		"GetObject": true, "HeadObject": true, "PutObject": true, "CopyObject": true, "DeleteObject": true,
	}
	for _, g := range readGolden(t) {
		for _, sel := range selectors {
			name, _, _ := strings.Cut(sel, "=")
			joint := "?"
			if strings.Contains(g.target, "?") {
				joint = "&"
			}
			for _, second := range []string{sel, name + "="} {
				target := g.target + joint + second
				op, _, refusal := mapWith(mapper, request(t, g.method, target, g.fields...), place(), "")
				if refusal == nil && plain[g.operation] && op.Name != g.operation {
					continue
				}
				if refusal == nil {
					t.Errorf("%s %s %v is %s, want a refusal", g.method, target, g.fields, op.Name)
					continue
				}
				if !plain[g.operation] && refusal.Status != 400 {
					t.Errorf("%s %s: status %d, want 400", g.method, target, refusal.Status)
				}
			}
		}
	}
}

// TestOtherLevel takes the key from object requests and gives one to bucket
// requests: a selector of one level alone is refused at the other, and never
// do the same accesses come out.
func TestOtherLevel(t *testing.T) {
	t.Parallel()
	both := map[string]bool{"acl": true, "encryption": true, "tagging": true, "uploads": true}
	for _, g := range readGolden(t) {
		target := strings.Replace(g.target, "/2026/q1.csv", "", 1)
		if target == g.target {
			target = strings.Replace(g.target, "/reports", "/reports/2026/q1.csv", 1)
		}
		if target == g.target || g.accesses == nil {
			continue
		}
		_, query, hasQuery := strings.Cut(target, "?")
		selector, _, _ := strings.Cut(query, "&")
		_, mapped, refusal := mapWith(mapper, request(t, g.method, target, g.fields...), place(), bodies[g.operation])
		switch {
		case refusal != nil:
		case hasQuery && !both[selector]:
			t.Errorf("%s %s is mapped to %v", g.method, target, printed(mapped.Accesses))
		case cmp.Equal(printed(mapped.Accesses), g.accesses):
			t.Errorf("%s %s has the accesses of %s", g.method, target, g.target)
		}
	}
}

func TestOtherMethods(t *testing.T) {
	t.Parallel()
	tests := []struct{ method, target, code string }{
		{"HEAD", "/reports?acl", "MethodNotAllowed"},
		{"HEAD", "/reports/k?tagging", "MethodNotAllowed"},
		{"DELETE", "/reports?acl", "MethodNotAllowed"},
		{"PUT", "/reports/k?attributes", "MethodNotAllowed"},
		{"POST", "/reports/k", "MethodNotAllowed"},
		{"POST", "/reports?tagging", "MethodNotAllowed"},
		{"DELETE", "/reports/k?legal-hold", "MethodNotAllowed"},
		{"GET", "/reports?delete", "MethodNotAllowed"},
		{"PUT", "/", "MethodNotAllowed"},
		{"HEAD", "/", "MethodNotAllowed"},
		{"PATCH", "/reports/k", "MethodNotAllowed"},
		{"TRACE", "/reports", "MethodNotAllowed"},
		{"PROPFIND", "/reports", "MethodNotAllowed"},
		{"get", "/reports/k", "MethodNotAllowed"},
		{"", "/reports/k", "MethodNotAllowed"},
		{"OPTIONS", "/reports/k", "BadRequest"},
	}
	for _, tt := range tests {
		if got := refused(t, tt.method, tt.target); got != tt.code {
			t.Errorf("%s %s: %s, want %s", tt.method, tt.target, got, tt.code)
		}
	}
	if got := refused(t, "OPTIONS", "/reports/k", "origin: https://example.com"); got != "AccessForbidden" {
		t.Errorf("preflight: %s, want AccessForbidden", got)
	}
	_, _, refusal := mapWith(mapper, request(t, "DELETE", "/reports?acl"), place(), "")
	if got := refusal.Fields.Get("allow"); got != "GET, PUT" {
		t.Errorf("allow: %q, want GET, PUT", got)
	}
}
