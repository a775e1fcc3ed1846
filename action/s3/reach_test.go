package s3_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/action/s3"
)

// A store that overlooks a sub-resource that it does not know returned the
// object on GET ?annotation, overwrote it on PUT ?encryption, deleted it on
// DELETE ?annotation, and did the like to buckets: what was decided was another
// operation than what was done. Nothing but the core goes to a store that is
// not said to have it.
func TestUnknownSubresourceIsNotTheBareOperation(t *testing.T) {
	t.Parallel()
	bare := s3.New(s3.Options{})
	core := map[string]bool{}
	for _, o := range s3.Operations() {
		core[o.Name] = o.Core
	}
	served := 0
	for _, g := range readGolden(t) {
		_, mapped, refusal := mapWith(bare, request(t, g.method, g.target, g.fields...), place(), "")
		switch {
		case refusal == nil && mapped.Answer != nil:
			// Nothing goes to the store.
		case core[g.operation] && refusal != nil:
			t.Errorf("%s of the core is refused: %v", g.operation, refusal)
		case core[g.operation]:
			served++
		case refusal == nil:
			t.Errorf("%s %s is served although the store is not said to have %s", g.method, g.target, g.operation)
		case refusal.Status != 501 && refusal.Status != 405 || refusal.Status == 501 && !strings.Contains(refusal.Message, g.operation):
			t.Errorf("%s: %v, want NotImplemented that names it", g.operation, refusal)
		}
	}
	if served == 0 {
		t.Error("nothing is served")
	}
	for _, line := range [][2]string{
		{"GET", "/reports/k?annotation"}, {"GET", "/reports/k?annotation&annotationName=n"}, {"GET", "/reports/k?torrent"},
		{"PUT", "/reports/k?annotation&annotationName=n"}, {"PUT", "/reports/k?encryption"}, {"DELETE", "/reports/k?annotation&annotationName=n"},
		{"GET", "/reports?abac"}, {"GET", "/reports?metadataConfiguration"}, {"GET", "/reports?metadataTable"},
		{"PUT", "/reports?abac"}, {"PUT", "/reports?metadataJournalTable"},
		{"DELETE", "/reports?metadataConfiguration"}, {"DELETE", "/reports?metadataTable"},
	} {
		if _, _, refusal := mapWith(bare, request(t, line[0], line[1]), place(), ""); refusal == nil || refusal.Code != "NotImplemented" {
			t.Errorf("%s %s: %v, want NotImplemented", line[0], line[1], refusal)
		}
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		operations []string
		serves     []string
		refuses    []string
	}{
		{nil, []string{"GET /reports/k", "PUT /reports?acl"}, []string{"GET /reports?replication", "PUT /reports?notification"}},
		{[]string{"core"}, []string{"GET /reports/k"}, []string{"GET /reports?replication"}},
		{[]string{"core", "GetBucketReplication"}, []string{"GET /reports/k", "GET /reports?replication"}, []string{"DELETE /reports?replication"}},
		{[]string{"core", "PutBucketNotification"}, []string{"PUT /reports?notification"}, []string{"PUT /reports?cors"}},
		{[]string{"GetObject"}, []string{"GET /reports/k"}, []string{"PUT /reports/k", "GET /reports"}},
		{[]string{"all"}, []string{"GET /reports?replication", "PUT /reports?abac"}, []string{"PUT /reports?metadataInventoryTable", "GET /reports?session"}},
		{[]string{"core", "CreateSession", "getbucketabac"}, nil, []string{"GET /reports?session", "GET /reports?abac"}},
		{[]string{}, nil, []string{"GET /", "GET /reports/k"}},
	}
	for _, tt := range tests {
		m := s3.New(s3.Options{Operations: tt.operations})
		for _, line := range tt.serves {
			method, target, _ := strings.Cut(line, " ")
			if _, refusal := m.Recognise(request(t, method, target), place()); refusal != nil {
				t.Errorf("%q: %s: %v", tt.operations, line, refusal)
			}
		}
		for _, line := range tt.refuses {
			method, target, _ := strings.Cut(line, " ")
			if _, refusal := m.Recognise(request(t, method, target), place()); refusal == nil || refusal.Code != "NotImplemented" {
				t.Errorf("%q: %s: %v, want NotImplemented", tt.operations, line, refusal)
			}
		}
	}
}

// TestActionsOfMapper: what a mapper produces is among what it says it can, and
// with every operation that is everything there is.
func TestActionsOfMapper(t *testing.T) {
	t.Parallel()
	for _, options := range []s3.Options{
		{}, {CopyTags: s3.CopyTagsChecked}, {Operations: all}, {Operations: []string{"core", "PutBucketCors"}},
		{Operations: all, CopyTags: s3.CopyTagsChecked, StrictCopyAnnotations: true},
	} {
		m := s3.New(options)
		can := m.Actions()
		for _, g := range readGolden(t) {
			_, mapped, refusal := mapWith(m, request(t, g.method, g.target, g.fields...), place(), "")
			if refusal != nil {
				continue
			}
			for _, a := range mapped.Accesses {
				if !slices.Contains(can, a.Action) {
					t.Errorf("%+v: %s needs %s, which is not among its actions", options, g.operation, a.Action)
				}
			}
			if d := mapped.Disclosure; d != nil && !slices.Contains(can, d.Action) {
				t.Errorf("%+v: %s asks for %s, which is not among its actions", options, g.operation, d.Action)
			}
		}
	}
	everything := s3.New(s3.Options{Operations: all, CopyTags: s3.CopyTagsChecked, StrictCopyAnnotations: true})
	if !slices.Equal(everything.Actions(), s3.Actions()) {
		t.Errorf("%v are not %v", everything.Actions(), s3.Actions())
	}
	for _, name := range []string{"s3:PutObjectAnnotation", "s3:GetBucketAbac"} {
		if slices.Contains(s3.New(s3.Options{}).Actions(), name) {
			t.Errorf("the core can produce %s", name)
		}
	}
}
