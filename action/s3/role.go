package s3

import (
	"strings"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/wire"
)

// Documents that hand a role to the service demand iam:PassRole of it.

// ReplicationConfiguration{Role, Rule…}
func readReplication(d *document, c *content) *wire.Refusal {
	d.rootNamed("ReplicationConfiguration")
	return readRole(d, c, "Rule")
}

// AnnotationTableConfiguration{ConfigurationState, EncryptionConfiguration,
// Role}
func readAnnotationTable(d *document, c *content) *wire.Refusal {
	d.rootNamed("AnnotationTableConfiguration")
	return readRole(d, c, "ConfigurationState", "EncryptionConfiguration")
}

// readRole reads the Role among the other elements that the root may hold. A
// replication without one is refused by Amazon S3.
func readRole(d *document, c *content, others ...string) *wire.Refusal {
	var role bool
	for name, ok := d.child(); ok; name, ok = d.child() {
		if name == "Role" {
			d.once(&role, name)
			c.role = d.text()
			continue
		}
		known := false
		for _, other := range others {
			known = known || name == other
		}
		if !known {
			d.unknown(name)
			break
		}
		d.skip()
	}
	if d.err == nil && role {
		var ok bool
		if c.roleAccount, ok = accountOfRole(c.role); !ok {
			return invalidArgument("The role is not the ARN of an IAM role.", "Role", c.role)
		}
	}
	return nil // what d found wrong comes first
}

// accountOfRole is the account in arn:PARTITION:iam::ACCOUNT:role/PATH/NAME. Of
// path and name it takes what IAM's names are made of, and no other ARN.
func accountOfRole(arn string) (account string, ok bool) {
	prefix, rest, found := strings.Cut(arn, ":iam::")
	partition, isARN := strings.CutPrefix(prefix, "arn:")
	account, name, named := strings.Cut(rest, ":role/")
	if !found || !isARN || !named || !isAccount(account) || !isPartition(partition) || name == "" {
		return "", false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("+=,.@_-/", c) >= 0:
		default:
			return "", false
		}
	}
	return account, true
}

// isPartition tells whether a text is of the form of aws-us-gov.
func isPartition(s string) bool {
	for i := 0; i < len(s); i++ {
		if ('a' > s[i] || s[i] > 'z') && s[i] != '-' {
			return false
		}
	}
	return s != ""
}

// passRole adds the access to the role that the document hands over.
func (b *mapping) passRole() {
	c := b.view.content
	if c.role == "" {
		return
	}
	b.accesses = append(b.accesses, authz.Access{Action: passRole.name, Resource: c.role, Account: c.roleAccount})
	keys := &b.accesses[len(b.accesses)-1].Keys
	keys.Set("aws:resourceaccount", c.roleAccount)
	for _, k := range passRole.keys {
		k.fill(keys, &b.view)
	}
	if b.objects != nil {
		b.objects = append(b.objects, action.Object{}) // of no object
	}
}
