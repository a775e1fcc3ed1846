package oidc

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"
)

// readClaims reads and checks the claims of a token, all but its signature.
func (t *Token) readClaims(p *Provider, now time.Time) (*Claims, error) {
	c := &Claims{All: t.claims}
	var err error
	if c.Issuer, err = t.demand("iss"); err != nil {
		return nil, err
	}
	if c.Issuer != p.Issuer {
		return nil, untrusted("the token's issuer is %s, not %s", name(c.Issuer), name(p.Issuer))
	}
	if c.Subject, err = t.demand("sub"); err != nil {
		return nil, err
	}
	if err := t.readAudience(c, p); err != nil {
		return nil, err
	}
	if err := t.readPurpose(); err != nil {
		return nil, err
	}
	if err := t.readTimes(c); err != nil {
		return nil, err
	}
	return c, c.at(now)
}

// demand is a claim that must be there.
func (t *Token) demand(claim string) (string, error) {
	text, ok := t.claims.text(claim)
	if !ok {
		return "", malformed("the token's %q is no string", claim)
	}
	if text == "" {
		return "", malformed("the token has no %q", claim)
	}
	return text, nil
}

// readAudience compares "azp", or "aud" where there is none, as AWS does.
func (t *Token) readAudience(c *Claims, p *Provider) error {
	var ok bool
	if c.Audiences, ok = t.claims.texts("aud", true); !ok {
		return malformed(`the token's "aud" is neither a string nor a list of strings`)
	}
	party, ok := t.claims.text("azp")
	if !ok {
		return malformed(`the token's "azp" is no string`)
	}
	candidates, claim := c.Audiences, "aud"
	if party != "" {
		candidates, claim = []string{party}, "azp"
	}
	if len(candidates) == 0 {
		return malformed(`the token has no "aud"`)
	}
	for _, candidate := range candidates {
		if candidate != "" && slices.Contains(p.Audiences, candidate) {
			c.Audience = candidate
			return nil
		}
	}
	return untrusted("the token's %q, %s, is not among the provider's audiences", claim, name(candidates[0]))
}

// readPurpose refuses what a provider signs that is no bearer token.
func (t *Token) readPurpose() error {
	// RFC 8417; the logout tokens of OpenID Connect may lack a type.
	if events := t.claims["events"]; len(events) > 0 && events[0] == '{' {
		return untrusted(`the token is a security event ("events"), not meant to be a bearer`)
	}
	// RFC 7800; nobody here asks for the proof.
	if _, bound := t.claims["cnf"]; bound {
		return untrusted(`the token is bound to a key of its holder ("cnf"), which a bearer cannot prove to have`)
	}
	return nil
}

func (t *Token) readTimes(c *Claims) error {
	for _, claim := range []struct {
		name     string
		demanded bool
		time     *time.Time
	}{{"exp", true, &c.Expires}, {"iat", true, &c.IssuedAt}, {"nbf", false, &c.NotBefore}} {
		raw, there := t.claims[claim.name]
		if !there {
			if claim.demanded {
				return malformed("the token has no %q", claim.name)
			}
			continue
		}
		var ok bool
		if *claim.time, ok = readTime(raw); !ok {
			return malformed("the token's %q is no number of seconds between 1970 and 9999", claim.name)
		}
	}
	return nil
}

// readTime reads seconds since 1970, with a fraction if there is one.
func readTime(raw json.RawMessage) (time.Time, bool) {
	const last = 253402300799 // the end of 9999
	if raw[0] == '"' {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || !(seconds > 0 && seconds <= last) {
		return time.Time{}, false
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), true
}

// at tells whether the token holds at a time.
func (c *Claims) at(now time.Time) error {
	if !now.Before(c.Expires) {
		return &Error{Kind: Expired, Cause: "the token expired at " + c.Expires.Format(time.RFC3339)}
	}
	if soon := now.Add(Leeway); c.IssuedAt.After(soon) {
		return &Error{Kind: NotYet, Cause: "the token was issued in the future, at " + c.IssuedAt.Format(time.RFC3339) + ": clocks disagree"}
	} else if c.NotBefore.After(soon) {
		return &Error{Kind: NotYet, Cause: "the token is not valid before " + c.NotBefore.Format(time.RFC3339)}
	}
	return nil
}
