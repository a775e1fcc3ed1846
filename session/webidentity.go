package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/wire"
)

// The claims that AWS gives a meaning of its own.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
const (
	tagsClaim           = "https://aws.amazon.com/tags"
	sourceIdentityClaim = "https://aws.amazon.com/source_identity"
)

// maxClaims bounds the claims of a token that become condition keys.
const maxClaims = 200

// FromWebIdentity is the holder of a token of a provider, which was verified. Its
// condition keys are PROVIDER:CLAIM for each claim that is a text, a number, true
// or false, or a list of them; AWS has some of these for some providers alone. Two
// claims whose names differ in case alone would be one key: such a token is
// refused, and so is one with a list that cannot be a key whole.
func FromWebIdentity(p *bundle.Provider, c *oidc.Claims) (*Federated, *wire.Refusal) {
	f := &Federated{
		Kind: WebIdentity, Issued: c.IssuedAt, Expires: c.Expires,
		Subject: c.Subject, Audience: c.Audience, Provider: c.Issuer, ProviderARN: p.ARN, account: p.Account,
		Caller: &authz.Caller{Type: authz.WebIdentity, ID: p.Key + ":" + c.Audience + ":" + c.Subject, Provider: p.ARN},
	}
	if c.Subject == "" || c.Audience == "" {
		return nil, invalidToken("The web identity token has no subject or no audience", "")
	}
	keys, err := claimKeys(p, c)
	if err == nil {
		err = f.readTags(c.All)
	}
	if err == nil {
		err = f.readIdentity(c.All)
	}
	if err != nil {
		return nil, invalidToken("The web identity token that was passed could not be used: "+err.Error(), "")
	}
	k := &f.Caller.Keys
	k.Grow(len(keys) + 4)
	fillUnsigned(k)
	k.Set(keyFederated, p.ARN)
	prefix := strings.ToLower(p.Key) + ":"
	for i := range keys {
		keys[i].fill(k)
		switch strings.TrimPrefix(keys[i].Name, prefix) {
		case "aud", "sub", "amr":
			f.Kept = append(f.Kept, keys[i])
		}
	}
	return f, nil
}

// claimKeys are the condition keys of a token's claims, in the order of their names.
func claimKeys(p *bundle.Provider, c *oidc.Claims) ([]Key, error) {
	if len(c.All) > maxClaims {
		return nil, fmt.Errorf("it has more than %d claims", maxClaims)
	}
	prefix := strings.ToLower(p.Key) + ":"
	keys := []Key{{Name: prefix + "aud", Values: []string{c.Audience}}, {Name: prefix + "sub", Values: []string{c.Subject}}}
	if len(c.Audiences) == 1 {
		keys = append(keys, Key{Name: prefix + "oaud", Values: c.Audiences})
	} else if len(c.Audiences) > 1 {
		keys = append(keys, Key{Name: prefix + "oaud", Values: c.Audiences, List: true})
	}
	seen := make(map[string]bool, len(c.All))
	for _, name := range slices.Sorted(maps.Keys(c.All)) {
		folded := strings.ToLower(name)
		if seen[folded] {
			return nil, fmt.Errorf("the names of two claims differ in case alone: %q", folded)
		}
		seen[folded] = true
		switch folded {
		case "aud", "sub", "oaud":
			// Those above.
			continue
		}
		// AWS has a list for amr, whether it is one in the token or not.
		k, ok, err := claimKey(prefix+folded, c.All[name], folded == "amr")
		if err != nil {
			return nil, fmt.Errorf("the claim %q %w", folded, err)
		}
		if ok {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

var (
	errLongList  = fmt.Errorf("is a list of more than %d values", maxListed)
	errMixedList = errors.New("is a list of texts, numbers or booleans, and of something else")
)

// claimKey is the condition key of a claim; ok is false if it has no such form. A list
// that has it in part, or is too long, is an error: left out, it could keep a Deny from
// applying.
func claimKey(name string, raw json.RawMessage, list bool) (k Key, ok bool, err error) {
	value, ok := decodeJSON(raw)
	if !ok {
		return Key{}, false, nil
	}
	several, isList := value.([]any)
	if !isList {
		text, ok := claimText(value)
		return Key{Name: name, Values: []string{text}, List: list}, ok, nil
	}
	if len(several) > maxListed {
		return Key{}, false, errLongList
	}
	k = Key{Name: name, List: true}
	for _, v := range several {
		if text, ok := claimText(v); ok {
			k.Values = append(k.Values, text)
		}
	}
	if n := len(k.Values); n > 0 && n < len(several) {
		return Key{}, false, errMixedList
	}
	return k, len(k.Values) > 0, nil
}

func claimText(value any) (text string, ok bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	default:
		return "", false
	}
}

// decodeJSON decodes a value, its numbers as they are written.
func decodeJSON(raw json.RawMessage) (value any, ok bool) {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	err := d.Decode(&value)
	return value, err == nil && !d.More()
}

// VerifyWebIdentity is the holder of a token that asks for a role, as
// AssumeRoleWithWebIdentity has it: of a provider that the role's account declares.
func VerifyWebIdentity(ctx context.Context, v *oidc.Verifier, snap *bundle.Snapshot, roleARN, token string, now time.Time) (*Federated, *wire.Refusal) {
	account, ok := roleAccount(roleARN)
	if !ok {
		return nil, invalid(roleARN + " is invalid")
	}
	parsed, err := oidc.Parse(token)
	if err != nil {
		return nil, TokenRefusal(err)
	}
	issuer, err := parsed.Issuer()
	if err != nil {
		return nil, TokenRefusal(err)
	}
	for _, p := range snap.ProvidersOf(issuer) {
		if p.Account != account {
			continue
		}
		claims, _, err := v.VerifyParsed(ctx, p.OIDC, parsed, now)
		if err != nil {
			return nil, TokenRefusal(err)
		}
		return FromWebIdentity(p, claims)
	}
	return nil, invalidToken("No OpenIDConnect provider found in your account for the issuer of the token", "account "+account+" declares no provider of the token's issuer")
}
