package policy

import (
	"net/netip"
	"slices"
	"strings"
)

// IsPublic tells whether a bucket policy lets anybody in whom nobody vouches
// for: whether an Allow names everyone and has no condition that holds only for
// fixed values of a key that clients cannot choose. It is what
// GetBucketPolicyStatus tells.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
func (d *Document) IsPublic() bool {
	return slices.ContainsFunc(d.Statements, func(s Statement) bool {
		return s.Effect == Allow && slices.ContainsFunc(s.Principals, Principal.isEveryone) &&
			!slices.ContainsFunc(s.Conditions, func(c Condition) bool { return c.vouches(d.HasVariables()) })
	})
}

func (p Principal) isEveryone() bool { return p.Type == AWS && p.Value == Everyone }

// vouching are keys whose values AWS vouches for.
var vouching = []string{
	"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:sourceaccount", "aws:sourcearn", "aws:sourceowner",
	"aws:sourcevpc", "aws:sourcevpce", "aws:userid", "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
	"s3:x-amz-server-side-encryption-aws-kms-key-id",
}

// vouches tells whether a condition holds only for fixed values of a key that
// somebody vouches for. variables tells whether the document has policy
// variables.
func (c *Condition) vouches(variables bool) bool {
	if c.Operator.IfExists || c.Operator.Set == ForAllValues || len(c.Values) == 0 {
		return false // it holds for those who lack the key, or for nobody
	}
	switch c.Operator.Test {
	case IPAddress:
		return c.Name() == "aws:sourceip" && !slices.ContainsFunc(c.Values, isBroad)
	case StringEquals, StringEqualsIgnoreCase, StringLike, ArnEquals, ArnLike:
		wildcards := c.Operator.Test >= StringLike
		return slices.Contains(vouching, c.Name()) &&
			!slices.ContainsFunc(c.Values, func(v Value) bool { return v.isPattern(wildcards, variables) })
	default:
		return false
	}
}

// isPattern tells whether a value stands for more than one: by a wildcard, or by
// a policy variable.
func (v Value) isPattern(wildcards, variables bool) bool {
	return wildcards && strings.ContainsAny(v.Text, "*?") || variables && strings.Contains(v.Text, "${")
}

// privateNetworks are those of RFC 1918, which are nobody's on the Internet.
var privateNetworks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
}

// isBroad tells that a range of addresses is too wide to be anybody's.
func isBroad(v Value) bool {
	p, _ := ParsePrefix(v.Text) // what is none has -1 bits
	for _, private := range privateNetworks {
		if private.Bits() <= p.Bits() && private.Contains(p.Addr()) {
			return false
		}
	}
	if p.Addr().Is4() {
		return p.Bits() < 8
	}
	return p.Bits() < 32
}
