package s3_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action/s3"
)

// TestSDKRequests maps what AWS's SDK sends for each of its operations, with
// every query parameter that it knows: the operation is the one that was
// called, or one that is refused by name. Each operation of the SDK has a row,
// and the rows beyond are older names and forms.
func TestSDKRequests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/sdk.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]s3.OperationInfo{}
	for _, o := range s3.Operations() {
		rows[o.Name] = o
	}
	var beyond []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		line, operation, _ := strings.Cut(strings.TrimSpace(line), "  ")
		o, ok := rows[operation]
		delete(rows, operation)
		if !ok {
			t.Errorf("%s has no row", operation)
			continue
		}
		method, target, _ := strings.Cut(line, " ")
		target, field, _ := strings.Cut(target, " [")
		req := request(t, method, target)
		if name, value, ok := strings.Cut(strings.TrimSuffix(field, "]"), ": "); ok {
			req.Fields.Add(name, value)
		}
		op, refusal := mapper.Recognise(req, place())
		switch {
		case operation == "WriteGetObjectResponse" && refusal != nil: // of another host
		case o.Refused != "" && refusal != nil && refusal.Code == "NotImplemented" && strings.Contains(refusal.Message, operation):
		case o.Refused != "" || refusal != nil || op.Name != operation:
			t.Errorf("%s: %s, refusal %v", line, op.Name, refusal)
		}
	}
	for name := range rows {
		beyond = append(beyond, name)
	}
	slices.Sort(beyond)
	if diff := cmp.Diff([]string{"GetBucketLifecycle", "GetBucketNotification", "PostObject", "PutBucketLifecycle", "PutBucketNotification"}, beyond); diff != "" {
		t.Errorf("rows that the SDK has not (-want +got):\n%s", diff)
	}
}

// TestRowsAreMapped sends the request that each row says, with and without a
// version: what it demands is what the row says.
func TestRowsAreMapped(t *testing.T) {
	t.Parallel()
	values := map[string]string{"list-type": "2", "select-type": "2", "uploadId": "u1", "partNumber": "7", "id": "daily", "annotationName": "note"}
	for _, o := range s3.Operations() {
		if o.Refused != "" || o.OlderName {
			continue
		}
		target := map[string]string{"service": "/", "bucket": "/reports", "object": "/reports/2026/q1.csv"}[o.Level]
		joint := "?"
		for _, p := range append([]string{o.Selector}, o.With...) {
			if p == "" {
				continue
			}
			target += joint + p
			if v := values[p]; v != "" {
				target += "=" + v
			}
			joint = "&"
		}
		var fields []string
		if o.Copies {
			fields = []string{"x-amz-copy-source: archive/old/q1.csv"}
		}
		if o.Renames {
			fields = []string{"x-amz-rename-source: /reports/old/q1.csv"}
		}
		for _, version := range []bool{false, true} {
			want := o.Actions
			if version {
				if want = o.Version; want == nil || o.Level != "object" {
					continue
				}
				target += joint + "versionId=v1"
			}
			op, mapped, refusal := mapWith(mapper, request(t, o.Method, target, fields...), place(), "")
			if refusal != nil {
				t.Errorf("%s %s: %v (%s)", o.Method, target, refusal, refusal.Cause)
				continue
			}
			var got []string
			for _, a := range mapped.Accesses {
				if !strings.HasSuffix(a.Resource, "/old/q1.csv") && a.Action != "iam:PassRole" {
					got = append(got, a.Action)
				}
			}
			if op.Name != o.Name || !slices.Equal(got, want) {
				t.Errorf("%s %s: %s %v, want %s %v", o.Method, target, op.Name, got, o.Name, want)
			}
			if (mapped.Disclosure != nil) != (o.Hides || o.Copies || o.Renames) {
				t.Errorf("%s: disclosure %v", o.Name, mapped.Disclosure)
			}
		}
	}
}
