package saml

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/crewjam/saml"
)

// The attributes that AWS gives a meaning of its own.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
const (
	own              = "https://aws.amazon.com/SAML/Attributes/"
	roleAttribute    = own + "Role"
	nameAttribute    = own + "RoleSessionName"
	lifeAttribute    = own + "SessionDuration"
	sourceAttribute  = own + "SourceIdentity"
	tagAttribute     = own + "PrincipalTag:"
	transitAttribute = own + "TransitiveTagKeys"
)

// nameFormat is what the formats of SAML 2.0's names begin with; AWS leaves it out.
const nameFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:"

func readClaims(a *saml.Assertion, recipient string) (*Claims, error) {
	id := a.Subject.NameID
	c := &Claims{Issuer: a.Issuer.Value, Subject: trim(id.Value), Recipient: recipient, Issued: a.IssueInstant}
	c.SubjectType = strings.TrimPrefix(id.Format, nameFormat)
	if c.Subject == "" {
		return nil, malformed("the assertion's subject has no name (NameID)")
	}
	for _, s := range a.AuthnStatements {
		if end := s.SessionNotOnOrAfter; end != nil && (c.Expires.IsZero() || end.Before(c.Expires)) {
			c.Expires = *end
		}
	}
	list, err := readAttributes(a)
	if err != nil {
		return nil, err
	}
	for _, at := range list {
		if err := c.read(at); err != nil {
			return nil, err
		}
	}
	if len(c.Roles) == 0 {
		return nil, malformed("the assertion has no attribute %s, and so no role can be asked for", name(roleAttribute))
	}
	if c.SessionName == "" {
		return nil, malformed("the assertion has no attribute %s, and so the session has no name", name(nameAttribute))
	}
	return c, nil
}

// trim takes away what layout there is around a text. Other spaces are part of it:
// without them, who is named "root" and a no-break space would be root.
func trim(text string) string { return strings.Trim(text, " \t\r\n") }

// attribute is an attribute with all its values.
type attribute struct {
	name   string
	values []string
}

// readAttributes collects the attributes in their order. One that stands there
// twice is refused: readers differ in which of them they take.
func readAttributes(a *saml.Assertion) ([]attribute, error) {
	var list []attribute
	seen, values := map[string]bool{}, 0
	for _, s := range a.AttributeStatements {
		for _, from := range s.Attributes {
			if seen[from.Name] {
				return nil, malformed("the assertion has the attribute %s twice", name(from.Name))
			}
			seen[from.Name] = true
			at := attribute{name: from.Name}
			for _, v := range from.Values {
				if !v.Nil {
					at.values = append(at.values, trim(v.Value))
				}
			}
			if values += len(at.values) + 1; values > maxValues {
				return nil, malformed("the assertion has more than %d attributes and values", maxValues)
			}
			list = append(list, at)
		}
	}
	return list, nil
}

func (c *Claims) read(a attribute) error {
	switch key, isTag := strings.CutPrefix(a.name, tagAttribute); {
	case isTag:
		value, err := a.one()
		c.Tags = append(c.Tags, Tag{key, value})
		return err
	case a.name == roleAttribute:
		return c.readRoles(a.values)
	case a.name == transitAttribute:
		c.TransitiveTagKeys = a.values
	case a.name == nameAttribute:
		return a.into(&c.SessionName)
	case a.name == sourceAttribute:
		return a.into(&c.SourceIdentity)
	case a.name == lifeAttribute:
		return c.readDuration(a)
	case strings.HasPrefix(a.name, own):
		// AWS may have more of these; ignoring one could grant what it takes away.
		return malformed("the assertion's attribute %s is not known", name(a.name))
	default:
		c.readKey(a)
	}
	return nil
}

// one is the value of an attribute that has one alone.
func (a attribute) one() (string, error) {
	if len(a.values) != 1 {
		return "", malformed("the assertion's attribute %s has %d values, not one", name(a.name), len(a.values))
	}
	return a.values[0], nil
}

func (a attribute) into(field *string) (err error) {
	if *field, err = a.one(); err == nil && *field == "" {
		return malformed("the assertion's attribute %s is empty", name(a.name))
	}
	return err
}

// readRoles reads pairs of ARNs; AWS takes them in either order.
func (c *Claims) readRoles(values []string) error {
	for _, value := range values {
		first, second, ok := strings.Cut(value, ",")
		r := Role{strings.TrimSpace(first), strings.TrimSpace(second)}
		if isProvider(r.RoleARN) {
			r.RoleARN, r.ProviderARN = r.ProviderARN, r.RoleARN
		}
		if !ok || !isProvider(r.ProviderARN) || isProvider(r.RoleARN) || !strings.Contains(r.RoleARN, ":role/") {
			return malformed("a value of the assertion's attribute %s is not the ARNs of a role and a SAML provider, with a comma in between", name(roleAttribute))
		}
		c.Roles = append(c.Roles, r)
	}
	return nil
}

func isProvider(arn string) bool { return strings.Contains(arn, ":saml-provider/") }

func (c *Claims) readDuration(a attribute) error {
	value, err := a.one()
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseUint(value, 10, 31)
	if err != nil || seconds < 900 || seconds > 43200 {
		return malformed("the assertion's attribute %s is not a number of seconds from 900 to 43200", name(a.name))
	}
	c.Duration = time.Duration(seconds) * time.Second
	return nil
}

// readKey makes a condition key of an attribute that AWS knows.
func (c *Claims) readKey(a attribute) {
	k, known := keys[a.name]
	if !known || len(a.values) == 0 || !k.List && len(a.values) != 1 {
		return
	}
	if slices.ContainsFunc(c.Keys, func(other Key) bool { return other.Name == k.Name }) {
		return // the same by another of its names
	}
	c.Keys = append(c.Keys, Key{Name: k.Name, Values: a.values, List: k.List})
}

// keys are the attributes that fill condition keys, by the names they have.
var keys = func() map[string]Key {
	known := map[string]Key{}
	add := func(list bool, prefix string, rows ...string) {
		for i := 0; i < len(rows); i += 2 {
			known[prefix+rows[i]] = Key{Name: "saml:" + strings.ToLower(rows[i+1]), List: list}
		}
	}
	add(true, "urn:oid:1.3.6.1.4.1.5923.1.1.1.", "1", "eduPersonAffiliation", "2", "eduPersonNickname", "3", "eduPersonOrgDN", "4", "eduPersonOrgUnitDN",
		"5", "eduPersonPrimaryAffiliation", "6", "eduPersonPrincipalName", "7", "eduPersonEntitlement", "8", "eduPersonPrimaryOrgUnitDN",
		"9", "eduPersonScopedAffiliation", "10", "eduPersonTargetedID", "11", "eduPersonAssurance")
	add(true, "urn:oid:1.3.6.1.4.1.5923.1.2.1.", "2", "eduOrgHomePageURI", "3", "eduOrgIdentityAuthNPolicyURI", "4", "eduOrgLegalName",
		"5", "eduOrgSuperiorURI", "6", "eduOrgWhitePagesURI")
	add(true, "urn:oid:2.5.4.", "3", "cn")
	add(false, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/", "name", "name", "givenname", "givenName", "surname", "surname", "emailaddress", "mail")
	add(false, "http://schemas.xmlsoap.org/claims/", "CommonName", "commonName")
	add(false, "http://schemas.microsoft.com/ws/2008/06/identity/claims/", "primarygroupsid", "primaryGroupSID")
	add(false, "urn:oid:2.5.4.", "4", "surname", "42", "givenName", "45", "x500UniqueIdentifier")
	add(false, "urn:oid:0.9.2342.19200300.100.1.", "1", "uid", "3", "mail", "45", "organizationStatus")
	return known
}()
