package bundle

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// certificateEntry is a rule for clients' certificates, as bundle.yaml has it.
type certificateEntry struct {
	at                   policy.Position
	uri, dns, user, role text
}

// readCertificates reads the rules for clients' certificates.
func (s *settings) readCertificates(y *yamlFile, n ast.Node) {
	seen := map[string]int{}
	y.items(n, "certificates", func(item ast.Node) {
		e := certificateEntry{at: position(item)}
		before := len(y.findings)
		y.fields(item, "a rule for certificates",
			field{key: "uri", read: y.into(&e.uri, "uri")},
			field{key: "dns", read: y.into(&e.dns, "dns")},
			field{key: "user", read: y.into(&e.user, "user")},
			field{key: "role", read: y.into(&e.role, "role")},
			field{key: "spiffe", remedy: `write "uri"`},
			field{key: "account", remedy: "remove it: the ARN of the user or role holds the account"},
		)
		if len(y.findings) > before {
			return
		}
		y.oneOf(e.at, "certificate", "uri", e.uri, "dns", e.dns)
		y.oneOf(e.at, "principal", "user", e.user, "role", e.role)
		y.certificateURI(e.uri)
		if bad := badDNS(e.dns.value); e.dns.value != "" && bad != "" {
			y.error(e.dns.at, "INVALID_DNS_NAME", fmt.Sprintf("the dns name %s %s", y.quote(e.dns.value), bad), "write one of the certificate's DNS names in full, in lower case")
		}
		if len(y.findings) > before {
			return
		}
		name := e.uri
		if name.value == "" {
			name = e.dns
		}
		if line, twice := seen[name.value]; twice {
			y.error(name.at, "DUPLICATE_RULE", fmt.Sprintf("there is a rule for %s already, on line %d: which of them counts would be ambiguous", y.quote(name.value), line), "keep one of them")
			return
		}
		seen[name.value] = name.at.Line
		s.certificates = append(s.certificates, e)
	})
}

// oneOf sees to it that one of two keys is there.
func (y *yamlFile) oneOf(at policy.Position, what, first string, one text, second string, other text) {
	switch {
	case one.value == "" && other.value == "":
		y.error(at, "MISSING_KEY", fmt.Sprintf("the rule names no %s", what), fmt.Sprintf("add %s or %s", first, second))
	case one.value != "" && other.value != "":
		y.error(other.at, "CONFLICTING_KEYS", fmt.Sprintf("the rule has both %s and %s", first, second), "keep one of them; write a rule for each")
	}
}

func (y *yamlFile) certificateURI(t text) {
	if t.value == "" {
		return
	}
	name, prefix := strings.CutSuffix(t.value, "*")
	u, err := url.Parse(name)
	var bad string
	switch {
	case err != nil || u.Scheme == "" || u.Host == "" || strings.IndexFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f }) >= 0:
		bad = "is no URI with a host"
	case strings.Contains(name, "*"):
		bad = "has a wildcard before its end"
	case prefix && (!strings.HasSuffix(name, "/") || u.Path == ""):
		bad = "has a wildcard that does not follow a / behind the host"
	case !prefix:
		return
	case !plainURI(strings.TrimSuffix(name, "/")):
		bad = "has a path that is not plain: an empty, . or .. segment, a %, a query or a fragment"
	default:
		return
	}
	y.error(t.at, "INVALID_URI", fmt.Sprintf("the uri %s %s", y.quote(t.value), bad), "write one like spiffe://example.org/ns/app/sa/web, or spiffe://example.org/ns/app/* for all below")
}

func badDNS(name string) string {
	switch {
	case strings.Contains(name, "*"):
		return "has a wildcard"
	case len(name) > 253:
		return "is longer than 253 characters"
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" || strings.HasPrefix(name, ".") || strings.Contains(name, ".."):
		return "is no host name in lower case"
	}
	return ""
}

// linkCertificates resolves the principals of the rules.
func (b *builder) linkCertificates(s *Snapshot) certificates {
	var rules []*CertificateRule
	for _, e := range b.settings.certificates {
		r := &CertificateRule{URI: e.uri.value, DNS: e.dns.value, UserARN: e.user.value, RoleARN: e.role.value}
		switch user, role := s.users[e.user.value], s.roles[e.role.value]; {
		case user != nil:
			r.Account = user.Account
		case role != nil:
			r.Account = role.Account
			b.checkCertificateRole(e.role.at, role)
		case e.user.value != "":
			b.unknownHolder(e.user, "user", keysOf(s.users))
			continue
		default:
			b.unknownHolder(e.role, "role", keysOf(s.roles))
			continue
		}
		rules = append(rules, r)
	}
	return newCertificates(rules)
}

// checkCertificateRole looks for what a role's trust policy must allow for
// certificates: their sessions always have tags and a source identity.
func (b *builder) checkCertificateRole(at policy.Position, role *Role) {
	var missing []string
	for _, action := range []string{assumeRoleAction, "sts:TagSession", "sts:SetSourceIdentity"} {
		if !b.trusts(role, policy.Service, certificateService, action) {
			missing = append(missing, action)
		}
	}
	if len(missing) > 0 {
		list := strings.Join(missing, ", ")
		b.report("bundle.yaml", at, policy.Warning, "ROLE_DOES_NOT_TRUST", fmt.Sprintf("the trust policy of the role %q does not allow %s to %s, and so certificates are refused", role.Name, list, certificateService),
			fmt.Sprintf("allow %s there for the principal {\"Service\": %q}", list, certificateService))
	}
}

func (b *builder) unknownHolder(arn text, what string, known []string) {
	remedy := fmt.Sprintf("write the ARN of a %s, such as arn:aws:iam::111122223333:%s/NAME", what, what)
	if b.suggest() {
		remedy = didYouMean(arn.value, known, remedy)
	}
	b.error("bundle.yaml", arn.at, "UNKNOWN_"+strings.ToUpper(what), fmt.Sprintf("there is no %s %q", what, arn.value), remedy)
}
