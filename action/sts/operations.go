package sts

import (
	"github.com/sallyport-iam/sallyport/action"
)

// operation is a row of the table.
type operation struct {
	name       string
	parameters []*parameter
	// credential is what the operation's body identifies the caller with.
	credential action.CredentialKind
	// unserved says why an operation that AWS has is refused; empty if it is served.
	unserved string
}

// operations are those of STS, in the order of AWS's reference, and of each the
// parameters in the order of AWS's model.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
var operations = []operation{
	{name: "AssumeRole", parameters: []*parameter{
		required(roleARN), required(sessionName), policyARNs, policy, roleDuration, tags, transitiveTagKeys,
		externalID, serialNumber, tokenCode, sourceIdentity,
		unsupported("ProvidedContexts", "contexts of trusted identity propagation are not known here"),
	}},
	{name: "AssumeRoleWithSAML", credential: action.SAMLAssertion, parameters: []*parameter{
		required(roleARN), required(principalARN), required(samlAssertion), policyARNs, policy, roleDuration,
	}},
	{name: "AssumeRoleWithWebIdentity", credential: action.WebIdentityToken, parameters: []*parameter{
		required(roleARN), required(sessionName), required(webIdentityToken),
		unsupported("ProviderId", "it is for access tokens of OAuth 2.0, which nobody can verify; send an OpenID Connect token without it"),
		policyARNs, policy, roleDuration,
	}},
	{name: "AssumeRoot", unserved: "Accounts here have no root user's credentials to give."},
	{name: "DecodeAuthorizationMessage", parameters: []*parameter{required(encodedMessage)}},
	{name: "GetAccessKeyInfo", parameters: []*parameter{required(accessKeyID)}},
	{name: "GetCallerIdentity"},
	{name: "GetDelegatedAccessToken", unserved: "There is nobody to trade tokens with."},
	{name: "GetFederationToken", parameters: []*parameter{required(name), policy, policyARNs, userDuration, tags}},
	{name: "GetSessionToken", parameters: []*parameter{userDuration, serialNumber, tokenCode}},
	{name: "GetWebIdentityToken", unserved: "No tokens for outside services are made here."},
}

// Operation describes an operation for the documentation.
type Operation struct {
	// Name is AWS's name, and Credential what the body identifies the caller with.
	Name       string
	Credential action.CredentialKind
	// Parameters are those it has.
	Parameters []Parameter
	// Unserved says why it is refused; empty if it is served.
	Unserved string
}

// Parameter describes a parameter for the documentation.
type Parameter struct {
	// Name is as sent; the members of a list have ".member.N" behind it.
	Name     string
	Required bool
	// Constraint is what AWS says of its values.
	Constraint string
	// Unsupported says why it is refused; empty if it is read.
	Unsupported string
}

// Operations are the operations of STS, those that are not served included.
func Operations() []Operation {
	out := make([]Operation, 0, len(operations))
	for _, op := range operations {
		o := Operation{Name: op.name, Credential: op.credential, Unserved: op.unserved}
		for _, p := range op.parameters {
			o.Parameters = append(o.Parameters, Parameter{Name: p.name, Required: p.required, Constraint: p.describe(), Unsupported: p.unsupported})
		}
		out = append(out, o)
	}
	return out
}
