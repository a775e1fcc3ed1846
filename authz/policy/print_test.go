package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// sameText leaves out of a comparison of documents what printing changes.
var sameText = cmp.Options{
	cmpopts.IgnoreTypes(policy.Position{}),
	cmpopts.IgnoreFields(policy.Document{}, "Size", "Length"),
}

func TestPrint(t *testing.T) {
	t.Parallel()
	const text = `{"Version": "2012-10-17", "Id": "i\"d", "Statement": {"Sid": "A", "Effect": "Deny", "NotPrincipal": {"Service": "a.b", "AWS": ["*", "111111111111"]},
		"Action": [], "Resource": "arn:aws:s3:::é\u4e16\ud83d\ude00\n", "Condition": {"Bool": {"svc:a": true, "svc:b": "false"}, "Null": {"svc:c": []}}}}`
	const want = `{
  "Version": "2012-10-17",
  "Id": "i\"d",
  "Statement": [
    {
      "Sid": "A",
      "Effect": "Deny",
      "NotPrincipal": {
        "Service": [
          "a.b"
        ],
        "AWS": [
          "*",
          "111111111111"
        ]
      },
      "Action": [],
      "Resource": [
        "arn:aws:s3:::é\u4e16\ud83d\ude00\u000a"
      ],
      "Condition": {
        "Bool": {
          "svc:a": [
            "true"
          ],
          "svc:b": [
            "false"
          ]
        },
        "Null": {
          "svc:c": []
        }
      }
    }
  ]
}
`
	doc, findings := policy.Parse(policy.Resource, "", []byte(text))
	if doc == nil {
		t.Fatal(findings)
	}
	if diff := cmp.Diff(want, string(policy.Print(doc))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzParse looks for a panic, for a document that is returned beside an error,
// and for one that printing changes.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		statement(do), statement(dont + `, "Principal": "*"` + when(`"Bool": {"a:b": true}`)),
		statement(`"Effect": "Allow", "Principal": {"AWS": "111111111111", "Service": ["a.b"]}, "Action": "sts:AssumeRole"`),
		`{"Id": "\ud83d\ude00\u0000", "Statement": [{"Sid": "a", "Effect": "Deny", "NotPrincipal": "*", "NotAction": ["*"], "NotResource": "arn:aws:s3:::${a:b, 'c'}"}]}`,
	} {
		for kind := policy.Identity; kind <= policy.Bucket; kind++ {
			f.Add(uint8(kind), []byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, k uint8, text []byte) {
		kind := policy.Kind(k % uint8(policy.Bucket+1))
		doc, findings := policy.Parse(kind, "fuzz", text)
		if (doc == nil) != policy.HasErrors(findings) {
			t.Fatalf("document %v with %v", doc, findings)
		}
		for _, finding := range findings {
			if finding.Line < 1 || finding.Column < 1 || finding.Code == "" || finding.Message == "" || finding.Remedy == "" {
				t.Errorf("an incomplete finding: %+v", finding)
			}
		}
		if doc == nil {
			return
		}
		printed := policy.Print(doc)
		again, findings := policy.Parse(kind, "fuzz", printed)
		if again == nil {
			// What is within a size limit as written need not be when printed.
			for _, finding := range findings {
				if finding.Severity == policy.Error && finding.Code != "POLICY_SIZE_EXCEEDS_QUOTA" && finding.Code != "POLICY_TOO_LONG" {
					t.Fatalf("printed, it is rejected: %v\n%s", finding, printed)
				}
			}
			return
		}
		if diff := cmp.Diff(doc, again, sameText...); diff != "" {
			t.Errorf("printing changes it (-before +after):\n%s", diff)
		}
	})
}
