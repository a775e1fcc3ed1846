// Package policy reads IAM policy documents.
//
// Parse turns the JSON text of a document into a Document whose every node
// knows its line and column, and says everything that is wrong with it:
//
//	doc, findings := policy.Parse(policy.Identity, "readers.json", text)
//	for _, f := range findings {
//		fmt.Println(f) // readers.json:7:9: a statement has no element "Conditon"; write "Condition"
//	}
//	if doc == nil {
//		return // at least one finding is an Error
//	}
//
// Reading is strict. A document in which something cannot be understood is
// rejected as a whole, since the part that is not understood may be a Deny, or
// the condition of an Allow. So names of elements, operators and effects are
// exact in case; no member of an object stands twice; what is not an element is
// an error, with the nearest name as the remedy. What AWS accepts and never
// matches (a wildcard in the prefix of an action, a multivalued key under a
// plain operator) loads with a warning, unless it would weaken a Deny.
//
// What a document may and must hold depends on its Kind: an identity-based
// policy has no Principal, a trust policy no Resource, a resource control
// policy no Allow.
//
// The package decides nothing. Package authz compiles documents and decides
// with them.
package policy
