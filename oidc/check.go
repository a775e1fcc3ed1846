package oidc

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Problem is what is wrong with a Provider.
type Problem struct {
	// Field is the name of the field of Provider.
	Field string
	// Text says what is wrong and what to write.
	Text string
	// Note tells that the rest works without it: a key that is passed over.
	Note bool
}

// Check tells all that is wrong with a provider. One with problems verifies
// nothing that it should not, but may verify nothing at all.
func (p *Provider) Check() []Problem {
	var list []Problem
	problem := func(field, format string, args ...any) {
		list = append(list, Problem{Field: field, Text: fmt.Sprintf(format, args...)})
	}
	if u, err := parseURL(p.Issuer); err != nil {
		problem("Issuer", "%v: write the URL as the tokens' \"iss\" has it, such as https://idp.example.com", err)
	} else if u.RawQuery != "" || u.ForceQuery {
		problem("Issuer", "it has a query (?), which the URL of a provider has not")
	}
	if len(p.Audiences) == 0 {
		problem("Audiences", "there are none, and so no token is accepted: name the client ids that tokens are meant for")
	}
	if slices.Contains(p.Audiences, "") {
		problem("Audiences", "one is empty")
	}
	for _, a := range p.Algorithms {
		switch {
		case strings.EqualFold(a, "none") || strings.HasPrefix(strings.ToUpper(a), "HS"):
			problem("Algorithms", "%s is never accepted: with it whoever verifies tokens, or anybody, could make them; choose of %s", name(a), strings.Join(algorithms, ", "))
		case !slices.Contains(algorithms, a):
			problem("Algorithms", "%s is not known: choose of %s", name(a), strings.Join(algorithms, ", "))
		}
	}
	p.checkTrust(problem)
	return append(list, p.checkKeys()...)
}

var fingerprint = regexp.MustCompile(`^[0-9a-f]{40}$`)

func (p *Provider) checkTrust(problem func(field, format string, args ...any)) {
	for _, t := range p.Thumbprints {
		if !fingerprint.MatchString(t) {
			problem("Thumbprints", "%s is not the SHA-1 fingerprint of a certificate: 40 hex digits in lower case, without colons", name(t))
		}
	}
	if p.CA == "" {
		return
	}
	rest, found := []byte(p.CA), 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			problem("CA", "it holds a %s: only certificates belong there", name(block.Type))
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			problem("CA", "certificate %d cannot be read: %v", found+1, err)
		}
		found++
	}
	if found == 0 {
		problem("CA", "it holds no certificate: write those of the certification authority, in PEM")
	} else if strings.TrimSpace(string(rest)) != "" {
		problem("CA", "something after certificate %d is no PEM", found)
	}
}

func (p *Provider) checkKeys() (list []Problem) {
	problem := func(field string, note bool, format string, args ...any) {
		list = append(list, Problem{field, fmt.Sprintf(format, args...), note})
	}
	if p.JWKSURI != "" {
		if _, err := parseURL(p.JWKSURI); err != nil {
			problem("JWKSURI", false, "%v: write an https URL", err)
		}
		if len(p.JWKS) > 0 {
			problem("JWKSURI", false, "the keys are given, and so are never fetched: keep one of the two")
		}
	}
	if len(p.JWKS) == 0 {
		return list
	}
	set, unusable, err := readKeySet(p.JWKS)
	if err != nil {
		problem("JWKS", false, "%v", err)
		return list
	}
	for _, text := range unusable {
		problem("JWKS", true, "%s: it is passed over", text)
	}
	good := 0
	for _, k := range set.keys {
		if slices.ContainsFunc(k.algorithms, func(a string) bool { return slices.Contains(p.accepted(), a) }) {
			good++
		} else {
			problem("JWKS", true, "key %s suits none of the provider's algorithms, %s: it is passed over", name(k.id), strings.Join(p.accepted(), ", "))
		}
	}
	if good == 0 {
		problem("JWKS", false, "no key in it verifies tokens, and so none is accepted")
	}
	return list
}
