package authz

// Decide decides one access of a caller.
func Decide(c *Caller, r *Request, a *Access) Decision { return Decision{} }

// Sentence is AWS's sentence about a denial.
func (d Decision) Sentence(c *Caller, a *Access) string {
	return "User: " + c.ARN + " is not authorized to perform: " + a.Action + " on resource: \"" + a.Resource + "\""
}
