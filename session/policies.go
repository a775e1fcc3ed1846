package session

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/wire"
)

const (
	// maxPolicy bounds an inline session policy, in characters.
	maxPolicy = 2048
	// maxPolicyARNs bounds the managed ones.
	maxPolicyARNs = 10
)

// compileInline compiles an inline session policy; nil if there is none.
func compileInline(text string) (*authz.Document, *wire.Refusal) {
	if text == "" {
		return nil, nil
	}
	if n := utf8.RuneCountInString(text); n > maxPolicy {
		return nil, invalid(fmt.Sprintf("1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to %d", maxPolicy))
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r != '\t' && r != '\n' && r != '\r' && (r < 0x20 || r > 0xff) }) || !utf8.ValidString(text) {
		return nil, malformedPolicy("The session policy may hold the characters U+0020 to U+00FF, tabs and ends of lines only.")
	}
	doc, findings := policy.Parse(policy.Session, "Policy", []byte(text))
	if doc == nil {
		for _, f := range findings {
			if f.Severity == policy.Error {
				return nil, malformedPolicy(f.String())
			}
		}
		return nil, malformedPolicy("The session policy cannot be read.")
	}
	doc.Name = "session policy"
	return authz.Compile(doc), nil
}

// sessionPolicies attaches an inline session policy and managed ones, which are
// those in force now. It is nil if there are neither.
func sessionPolicies(snap *bundle.Snapshot, account string, inline *authz.Document, arns []string) (*authz.Policies, *wire.Refusal) {
	var documents []*authz.Document
	if inline != nil {
		documents = append(documents, inline)
	}
	for _, arn := range arns {
		d := snap.ManagedPolicy(account, arn)
		if d == nil {
			return nil, &wire.Refusal{Status: http.StatusBadRequest, Code: "InvalidParameterValue", Message: "The policy " + arn + " does not exist or cannot be attached to a session of this account."}
		}
		documents = append(documents, d)
	}
	if len(documents) == 0 {
		return nil, nil
	}
	return authz.Attach(documents...), nil
}

// checkARNs checks the managed session policies that a caller names.
func checkARNs(arns []string) *wire.Refusal {
	if len(arns) > maxPolicyARNs {
		return invalid(fmt.Sprintf("At most %d managed session policies may be passed.", maxPolicyARNs))
	}
	seen := make(map[string]bool, len(arns))
	for _, arn := range arns {
		if seen[arn] {
			return invalid("A managed session policy is passed twice.")
		}
		seen[arn] = true
	}
	return nil
}

// checkCost bounds what session policies add to the cost of decisions: whoever calls
// STS chooses them. What the role's and the user's own may cost is for the bundle to
// say.
func checkCost(policies *authz.Policies) *wire.Refusal {
	if err := bundle.CheckCost(policies); err != nil {
		return malformedPolicy("The session policies make decisions too slow: " + err.Error() + ".")
	}
	return nil
}
