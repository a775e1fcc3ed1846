package oidc

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// algorithms are all that can be accepted; none of them has a shared secret.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// usualAlgorithms are those that AWS accepts.
var usualAlgorithms = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}

// accepted are the algorithms of a provider.
func (p *Provider) accepted() []string {
	if len(p.Algorithms) == 0 {
		return usualAlgorithms
	}
	return p.Algorithms
}

// Issuer is the "iss" of a token, unverified: to find its provider. It fails with
// an *[Error] for what is no token or none of a bearer.
func Issuer(token string) (string, error) {
	t, err := Parse(token)
	if err != nil {
		return "", err
	}
	return t.Issuer()
}

// Issuer is the token's "iss", unverified. It fails with an *[Error] if there is
// none.
func (t *Token) Issuer() (string, error) {
	issuer, ok := t.claims.text("iss")
	if !ok || issuer == "" {
		return "", malformed(`the token has no "iss"`)
	}
	return issuer, nil
}

// Token is a token that was taken apart and not verified. One goroutine uses it at
// a time.
type Token struct {
	text      string
	algorithm string
	keyID     string // empty if it names none
	payload   []byte
	claims    object
	// judged are the keys by which the token was judged last, and judgement is what
	// that came to.
	judged    *keySet
	judgement error
}

// strictly is the only spelling of bytes that is accepted.
var strictly = base64.RawURLEncoding.Strict()

// Parse takes a token apart, so that it can be verified for several providers. It
// fails with an *[Error] for what is no token or none of a bearer.
func Parse(text string) (*Token, error) {
	if len(text) > MaxToken {
		return nil, malformed("the token has more than %d bytes", MaxToken)
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, malformed("no JSON Web Token in the compact serialisation of JWS: %d parts, not three", len(parts))
	}
	var decoded [3][]byte
	for i, part := range parts {
		// The decoder skips line breaks.
		bytes, err := strictly.DecodeString(part)
		if err != nil || strings.ContainsAny(part, "\r\n") {
			return nil, malformed("no JSON Web Token: part %d is not base64url without padding", i+1)
		}
		decoded[i] = bytes
	}
	t := &Token{text: text, payload: decoded[1]}
	header, err := readObject(decoded[0])
	if err != nil {
		return nil, malformed("the token's header: %v", err)
	}
	if err := t.readHeader(header); err != nil {
		return nil, err
	}
	if t.claims, err = readObject(t.payload); err != nil {
		return nil, malformed("the token's claims: %v", err)
	}
	return t, nil
}

func (t *Token) readHeader(header object) error {
	for _, member := range []string{"crit", "b64", "enc", "zip"} {
		if _, there := header[member]; there {
			return malformed("the token's header has %q, which is not supported", member)
		}
	}
	for member, value := range map[string]*string{"alg": &t.algorithm, "kid": &t.keyID} {
		text, ok := header.text(member)
		if !ok {
			return malformed("the token's %q is no string", member)
		}
		*value = text
	}
	if t.algorithm == "" {
		return malformed(`the token has no "alg"`)
	}
	typ, ok := header.text("typ")
	typ, _ = strings.CutPrefix(strings.ToLower(typ), "application/")
	if !ok || typ != "" && typ != "jwt" && typ != "at+jwt" {
		return untrusted("the token is not meant to be a bearer: its \"typ\" is %s, not \"JWT\" or \"at+jwt\"", name(typ))
	}
	return nil
}

// signedBy tells whether a key signed the token with its algorithm.
func (t *Token) signedBy(k *key) bool {
	signed, err := jose.ParseSignedCompact(t.text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(t.algorithm)})
	if err != nil {
		return false
	}
	payload, err := signed.Verify(k.public)
	return err == nil && slices.Equal(payload, t.payload)
}
