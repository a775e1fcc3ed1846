package authz_test

import (
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

func Example() {
	doc, findings := policy.Parse(policy.Identity, "home.json", []byte(`{
		"Version": "2012-10-17",
		"Statement": [
			{"Effect": "Allow", "Action": "s3:*Object", "Resource": "arn:aws:s3:::home/${aws:username}/*"},
			{"Sid": "OnlyOverTLS", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
		]
	}`))
	if doc == nil {
		fmt.Println(findings)
		return
	}
	doc.Name = "home"
	alice := &authz.Caller{
		Type: authz.User, Account: "111111111111", ARN: "arn:aws:iam::111111111111:user/alice", ID: "AIDAALICE",
		Identity: authz.NewPolicies(authz.Compile(doc)),
	}
	alice.Keys.Set("aws:username", "alice")

	ask := func(key, tls string) {
		r := &authz.Request{Now: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}
		r.Keys.Set("aws:securetransport", tls)
		a := &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::home/" + key, Account: "111111111111"}
		d := authz.Decide(alice, r, a)
		fmt.Println(d.Effect, "by", d.Layer)
		if d.Statement != nil {
			fmt.Printf("  statement %d %q of %s, %s:%d\n", d.Statement.Index, d.Statement.Sid, d.Statement.Policy, d.Statement.File, d.Statement.Line)
		}
		if !d.Allowed() {
			fmt.Println(" ", d.Sentence(alice, a))
		}
	}
	ask("alice/plan.txt", "true")
	ask("alice/plan.txt", "false")
	ask("bob/plan.txt", "true")
	// Output:
	// allow by identity
	//   statement 0 "" of home, home.json:4
	// explicit_deny by identity
	//   statement 1 "OnlyOverTLS" of home, home.json:5
	//   User: arn:aws:iam::111111111111:user/alice is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::home/alice/plan.txt" with an explicit deny in an identity-based policy
	// implicit_deny by identity
	//   User: arn:aws:iam::111111111111:user/alice is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::home/bob/plan.txt" because no identity-based policy allows the s3:GetObject action
}
