package sts

import (
	"strconv"
	"time"

	"github.com/sallyport-iam/sallyport/session"
)

// The members of results stand in the order of AWS's model.

// assumedRole is the result of AssumeRole and its kin; who is the holder of the token
// that asked, nil if the caller signed.
func (d *document) assumedRole(c *session.Credentials, who *session.Federated) {
	d.credentials(c)
	if d.operation == "AssumeRoleWithWebIdentity" && who != nil {
		d.element("SubjectFromWebIdentityToken", who.Subject)
	}
	d.open("AssumedRoleUser")
	d.element("AssumedRoleId", c.ID)
	d.element("Arn", c.ARN)
	d.close("AssumedRoleUser")
	d.packedSize(c)
	switch {
	case who == nil:
	case d.operation == "AssumeRoleWithWebIdentity":
		d.element("Provider", who.Provider)
		d.element("Audience", who.Audience)
	case d.operation == "AssumeRoleWithSAML":
		d.element("Subject", who.Subject)
		d.element("SubjectType", kept(who, "saml:sub_type"))
		d.element("Issuer", who.Provider)
		d.element("Audience", who.Audience)
		d.element("NameQualifier", kept(who, "saml:namequalifier"))
	}
	d.optional("SourceIdentity", c.SourceIdentity)
}

// federatedUser is the result of GetFederationToken.
func (d *document) federatedUser(c *session.Credentials) {
	d.credentials(c)
	d.open("FederatedUser")
	d.element("FederatedUserId", c.ID)
	d.element("Arn", c.ARN)
	d.close("FederatedUser")
	d.packedSize(c)
}

// credentials are what the client came for. Nobody on the way may keep them.
func (d *document) credentials(c *session.Credentials) {
	d.secret = true
	d.open("Credentials")
	d.element("AccessKeyId", c.AccessKeyID)
	d.element("SecretAccessKey", c.Secret.Reveal())
	d.element("SessionToken", c.SessionToken.Reveal())
	d.element("Expiration", c.Expires.UTC().Format(time.RFC3339))
	d.close("Credentials")
}

func (d *document) packedSize(c *session.Credentials) {
	if c.PackedSize > 0 {
		d.element("PackedPolicySize", strconv.Itoa(c.PackedSize))
	}
}

// kept is a condition key of who asks that stays in the session.
func kept(who *session.Federated, name string) string {
	for _, k := range who.Kept {
		if k.Name == name && len(k.Values) > 0 {
			return k.Values[0]
		}
	}
	return ""
}
