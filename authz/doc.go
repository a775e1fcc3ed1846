// Package authz decides whether a principal may do an action on a resource, by
// the policies and the evaluation rules of AWS IAM. It is pure: it reads no
// file, no clock and no network, and a decision follows from its arguments
// alone.
//
// # A decision
//
// Three things are put to Decide. A Caller is who asks, with the policies that
// are attached to it; it is made once and shared by requests. A Request is what
// all accesses of one request have in common. An Access is one action on one
// resource:
//
//	doc, findings := policy.Parse(policy.Identity, "readers.json", text)
//	if doc == nil {
//		return fmt.Errorf("rejected: %v", findings)
//	}
//	caller := &authz.Caller{
//		Type: authz.User, Account: "111111111111",
//		ARN: "arn:aws:iam::111111111111:user/alice", ID: "AIDAALICE",
//		Identity: authz.NewPolicies(authz.Compile(doc)),
//	}
//	decision := authz.Decide(caller, &authz.Request{Now: time.Now()}, &authz.Access{
//		Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/q1.csv", Account: "111111111111",
//	})
//
// # Layers
//
// Whatever Allow there is, a Deny in any policy that binds the caller wins:
// resource control policies, service control policies, the VPC endpoint's, the
// resource's own, the caller's identity-based ones, its boundary and its
// session policies. Then every level of service control policies and the
// endpoint's policy must allow. What must allow beside them depends on who asks
// and how the resource's policy names him: a grant to the caller itself is
// enough within the account, one to its account only delegates, and across
// accounts both sides must allow. A role's trust policy and a KMS key's must
// always allow.
//
// A nil field means that there is no policy of that kind. An empty Policies is
// a layer that never allows: as a Boundary it lets nothing through.
//
// # Conditions
//
// A Context holds condition keys; one each belongs to the access, the request
// and the caller, looked up in this order. aws:CurrentTime and aws:EpochTime
// follow from Request.Now. A key that is in none of them is absent, which IAM
// gives a meaning: a positive operator does not match it and a negated one
// does. So what cannot be known is left out, and never given as an empty
// string.
//
// Some keys are dear to know: the tags of an object take a request to its
// store. Context.SetUnread says that a family of keys was not read. A decision
// that depends on one says so in Decision.Needs, and says nothing else; one that
// does not is the same as with all of them read. So one reads when asked to,
// calls SetTag and SetRead, and decides again.
//
// # Two evaluators
//
// The evaluator of this package compiles documents: patterns, numbers, dates
// and ranges are read once, and statements found by their action and resource,
// so that a decision costs what the statements that can match cost, and
// allocates nothing on its ordinary way. Policies.Unindexed counts those that
// nothing narrows, and Policies.Searches what their patterns may look for. A
// text that very much is compared with is indexed itself. A Library attaches
// documents to many principals.
//
// Package reference decides the same, plainly and slowly; a fuzzer holds the one
// against the other.
package authz
