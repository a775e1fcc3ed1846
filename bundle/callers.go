package bundle

// PrincipalKeys are the condition keys that follow from the principal and stand
// in the Keys of a Caller, in lower case. One that ends in "/" stands for all
// keys that begin with it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func PrincipalKeys() []string {
	return []string{
		"aws:principalaccount", "aws:principalarn", "aws:principalisawsservice",
		"aws:principaltag/", "aws:principaltype", "aws:userid", "aws:username",
	}
}
