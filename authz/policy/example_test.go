package policy_test

import (
	"fmt"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

func ExampleParse() {
	doc, findings := policy.Parse(policy.Identity, "readers.json", []byte(`{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Deny",
    "Action": "s3:*",
    "Resource": "*",
    "Conditon": {"StringEquals": {"aws:username": "eve"}}
  }
}`))
	fmt.Println(doc == nil)
	for _, f := range findings {
		fmt.Println(f)
	}
	// Output:
	// true
	// readers.json:7:5: a statement has no element "Conditon"; write "Condition"
}
