package bundle

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/oidc"
)

// The bounds of a provider, which are AWS's.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
const (
	maxProviderURL = 255
	maxAudiences   = 100
	maxAudience    = 255
	maxThumbprints = 5
	// maxProviders is AWS's quota of an account.
	maxProviders = 100
	// maxClaim bounds the name of a claim.
	maxClaim = 256
)

// algorithms are those that a provider may sign with: asymmetric ones. The first
// of them, which AWS takes, are the default.
var algorithms = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"}

const defaultAlgorithms = 6

// providerEntity is what a provider's file says.
type providerEntity struct {
	url         text
	audiences   []text
	thumbprints []text
	ca          text
	algorithms  []text
	jwksURI     text
	shared      bool
	bearer      *bearerEntity
}

// bearerEntity is the rule for tokens that are used by themselves.
type bearerEntity struct {
	at                     policy.Position
	role, roleClaim, named text
}

// parseProvider reads oidc-providers/NAME.yaml. The entity is never nil.
func parseProvider(name string, source []byte) (*providerEntity, []policy.Finding) {
	y := &yamlFile{name: name}
	e := &providerEntity{}
	root := y.parse(source, maxEntity)
	if root == nil {
		return e, y.findings
	}
	at := position(root)
	var shared *bool
	var sharedAt policy.Position
	had := y.fields(root, "an OIDC provider",
		field{key: "url", read: y.into(&e.url, "url")},
		field{key: "audiences", read: y.strings(&e.audiences, "audiences")},
		field{key: "thumbprints", read: y.strings(&e.thumbprints, "thumbprints")},
		field{key: "ca", read: y.into(&e.ca, "ca")},
		field{key: "algorithms", read: y.strings(&e.algorithms, "algorithms")},
		field{key: "jwks_uri", read: y.into(&e.jwksURI, "jwks_uri")},
		field{key: "shared", read: func(n ast.Node) { shared, sharedAt = y.boolean(n, "shared"), position(n) }},
		field{key: "bearer", read: func(n ast.Node) { e.bearer = y.bearer(n) }},
		field{key: "issuer", remedy: `write "url"`},
		field{key: "client_ids", remedy: `write "audiences"`},
		field{key: "jwks", remedy: "put the key set into NAME.jwks.json, beside this file"},
		field{key: "name", remedy: "remove it: a provider is known by its url"},
		field{key: "id", remedy: "remove it: a provider is known by its url"},
	)
	if _, mapping := root.(*ast.MappingNode); !mapping {
		return e, y.findings
	}
	for _, key := range []string{"url", "audiences"} {
		if !had[key] {
			y.error(at, "MISSING_KEY", "the OIDC provider has no "+key, "add it")
		}
	}
	y.providerURL(e.url)
	y.keySetURL(e.jwksURI)
	if had["audiences"] {
		y.audiences(at, e.audiences)
	}
	y.thumbprints(e.thumbprints)
	y.authorities(e.ca)
	if had["algorithms"] {
		y.algorithms(at, e.algorithms)
	}
	e.shared = shared != nil && *shared
	if rule := knownShared(e.url.value); rule != nil && shared != nil && !*shared {
		y.error(sharedAt, "SHARED_PROVIDER", fmt.Sprintf("%s gives tokens to everybody", rule.name), "remove the key: that the provider is shared is known")
	}
	return e, y.findings
}

// boolean reads true or false; nil after an error.
func (y *yamlFile) boolean(n ast.Node, what string) *bool {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		y.wrongType(n, what, "true or false", "")
		return nil
	}
	return &b.Value
}

// bearer reads the rule for tokens used by themselves.
func (y *yamlFile) bearer(n ast.Node) *bearerEntity {
	b := &bearerEntity{at: position(n)}
	had := y.fields(n, "bearer",
		field{key: "role", read: y.into(&b.role, "role")},
		field{key: "role_claim", read: y.into(&b.roleClaim, "role_claim")},
		field{key: "session_name_claim", read: y.into(&b.named, "session_name_claim")},
	)
	if _, mapping := n.(*ast.MappingNode); !mapping {
		return nil
	}
	switch {
	case had["role"] && had["role_claim"]:
		y.error(b.roleClaim.at, "CONFLICTING_KEYS", "bearer has both role and role_claim", "keep one: the role that all tokens stand for, or the claim that holds a role's ARN")
	case !had["role"] && !had["role_claim"]:
		y.error(b.at, "MISSING_KEY", "bearer names no role", "add role, the ARN of the role that tokens stand for, or role_claim, the claim that holds one")
	}
	for _, claim := range []text{b.roleClaim, b.named} {
		if len(claim.value) > maxClaim || strings.IndexFunc(claim.value, func(c rune) bool { return c <= ' ' || c == 0x7f }) >= 0 {
			y.error(claim.at, "INVALID_CLAIM", fmt.Sprintf("%s is no name of a claim", y.quote(claim.value)), fmt.Sprintf("write at most %d characters without white space", maxClaim))
		}
	}
	return b
}

// providerURL checks the URL that is compared with the issuer of tokens, byte for
// byte, and that stands in the provider's ARN and condition keys.
func (y *yamlFile) providerURL(t text) {
	if t.value == "" {
		return
	}
	bad, remedy := badURL(t.value), "write the issuer as its tokens have it, such as https://idp.example.com/realms/main"
	switch {
	case bad != "":
	case len(t.value) > maxProviderURL:
		bad = fmt.Sprintf("is longer than %d characters", maxProviderURL)
	case strings.ContainsAny(t.value, "?#"):
		bad = "has a query or a fragment, which an issuer has not"
	case strings.IndexFunc(t.value, func(c rune) bool {
		return c >= 0x80 || !alphanumeric(byte(c)) && strings.IndexByte("-._~/%:@+=", byte(c)) < 0
	}) >= 0:
		bad = "holds characters that cannot stand in an ARN"
	case strings.HasSuffix(t.value, "/.well-known/openid-configuration"):
		bad, remedy = "is the address of the discovery document", "write what stands before /.well-known"
	case policy.IsNamespace(strings.TrimPrefix(t.value, "https://")):
		// A claim could take the place of what is known of the request.
		bad, remedy = "would make condition keys of its claims that AWS has for something else", "use a name of the host with a domain"
	default:
		return
	}
	y.error(t.at, "INVALID_URL", fmt.Sprintf("the url %s %s", y.quote(t.value), bad), remedy)
}

func (y *yamlFile) keySetURL(t text) {
	if t.value == "" {
		return
	}
	bad := badURL(t.value)
	if bad == "" && strings.Contains(t.value, "#") {
		bad = "has a fragment"
	}
	if bad != "" {
		y.error(t.at, "INVALID_URL", fmt.Sprintf("the jwks_uri %s %s", y.quote(t.value), bad), "write one like https://idp.example.com/keys")
	}
}

// badURL says what is wrong with the address of a provider.
func badURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f }) >= 0:
		return "is no URL"
	case !strings.HasPrefix(s, "https://"):
		return "does not begin with https://"
	case u.User != nil || strings.Contains(u.Host, "@"):
		return "holds a user name"
	case u.Hostname() == "" || strings.HasSuffix(u.Host, ":"):
		return "names no host"
	case u.Host != strings.ToLower(u.Host):
		return "holds upper-case letters in its host"
	}
	return ""
}

func (y *yamlFile) audiences(at policy.Position, list []text) {
	switch {
	case len(list) == 0:
		y.error(at, "NO_AUDIENCES", "audiences is empty, so that no token would be accepted", "name the client ids that tokens are meant for, such as sts.amazonaws.com")
	case len(list) > maxAudiences:
		y.error(list[maxAudiences].at, "TOO_MANY_AUDIENCES", fmt.Sprintf("there are %d audiences, and AWS allows %d", len(list), maxAudiences), "remove some")
	}
	for _, a := range list {
		if len(a.value) > maxAudience {
			y.error(a.at, "INVALID_AUDIENCE", fmt.Sprintf("an audience is longer than %d characters", maxAudience), "write the client id as tokens have it")
		}
	}
}

func (y *yamlFile) thumbprints(list []text) {
	for i, t := range list {
		switch {
		case i == maxThumbprints:
			y.error(t.at, "TOO_MANY_THUMBPRINTS", fmt.Sprintf("there are %d thumbprints, and AWS allows %d", len(list), maxThumbprints), "remove some")
		case len(t.value) != 40 || strings.Trim(strings.ToLower(t.value), "0123456789abcdef") != "":
			y.error(t.at, "INVALID_THUMBPRINT", fmt.Sprintf("%s is no SHA-1 fingerprint of a certificate", y.quote(t.value)), "write 40 hexadecimal digits without colons")
		}
	}
}

// authorities checks the certificates that verify the provider's own.
func (y *yamlFile) authorities(t text) {
	if t.value == "" {
		return
	}
	const remedy = "write the certificates of the authority as PEM, in a block that begins with |"
	rest, n := []byte(t.value), 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		n++
		if block.Type != "CERTIFICATE" {
			kind := "something"
			if strings.HasSuffix(block.Type, "PRIVATE KEY") {
				kind = "a private key"
			}
			y.error(t.at, "INVALID_CA", fmt.Sprintf("block %d of the ca is %s and no certificate", n, kind), remedy)
			return
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			y.error(t.at, "INVALID_CA", fmt.Sprintf("block %d of the ca is no certificate: %v", n, err), remedy)
			return
		}
	}
	if n == 0 || strings.TrimSpace(string(rest)) != "" {
		y.error(t.at, "INVALID_CA", "the ca holds something other than PEM", remedy)
	}
}

func (y *yamlFile) algorithms(at policy.Position, list []text) {
	if len(list) == 0 {
		y.error(at, "NO_ALGORITHMS", "algorithms is empty, so that no token would be accepted", "remove the key, or name some of "+strings.Join(algorithms, ", "))
	}
	for _, a := range list {
		if slices.Contains(algorithms, a.value) {
			continue
		}
		why := "is no algorithm that is taken"
		switch {
		case strings.EqualFold(a.value, "none"):
			why = "leaves tokens unsigned"
		case strings.HasPrefix(strings.ToUpper(a.value), "HS"):
			why = "has no public key"
		}
		y.error(a.at, "INVALID_ALGORITHM", fmt.Sprintf("%s %s", y.quote(a.value), why), "name some of "+strings.Join(algorithms, ", "))
	}
}

// arn is the provider's.
func (e *providerEntity) arn(account string) string {
	return "arn:aws:iam::" + account + ":oidc-provider/" + e.key()
}

// key is what the provider's condition keys begin with.
func (e *providerEntity) key() string { return strings.TrimPrefix(e.url.value, "https://") }

// provider makes the provider of an entity without errors.
func (e *providerEntity) provider(account string, jwks []byte) *Provider {
	p := &Provider{
		Account: account,
		ARN:     e.arn(account),
		Key:     e.key(),
		Shared:  e.shared || knownShared(e.url.value) != nil,
		OIDC: &oidc.Provider{
			Issuer:     e.url.value,
			Audiences:  values(e.audiences),
			Algorithms: values(e.algorithms),
			CA:         e.ca.value,
			JWKS:       jwks,
			JWKSURI:    e.jwksURI.value,
		},
	}
	for _, t := range e.thumbprints {
		p.OIDC.Thumbprints = append(p.OIDC.Thumbprints, strings.ToLower(t.value))
	}
	if len(e.algorithms) == 0 {
		p.OIDC.Algorithms = slices.Clone(algorithms[:defaultAlgorithms])
	}
	if b := e.bearer; b != nil {
		p.Bearer = &BearerRule{RoleARN: b.role.value, RoleClaim: b.roleClaim.value, SessionNameClaim: "sub"}
		if b.named.value != "" {
			p.Bearer.SessionNameClaim = b.named.value
		}
	}
	return p
}

func values(list []text) []string {
	var s []string
	for _, t := range list {
		s = append(s, t.value)
	}
	return s
}
