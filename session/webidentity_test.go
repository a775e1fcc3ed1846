package session_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/oidc"
	"github.com/sallyport-iam/sallyport/session"
)

// claims are those of a token that was verified; members are added to it, or take
// the place of others.
func claims(t testing.TB, members string) *oidc.Claims {
	t.Helper()
	all := map[string]json.RawMessage{
		"iss": json.RawMessage(`"https://id.example.com/Realm"`), "sub": json.RawMessage(`"alice"`), "aud": json.RawMessage(`"store"`),
	}
	if members != "" {
		if err := json.Unmarshal([]byte("{"+members+"}"), &all); err != nil {
			t.Fatal(err)
		}
	}
	return &oidc.Claims{
		Issuer: "https://id.example.com/Realm", Subject: "alice", Audience: "store", Audiences: []string{"store"},
		IssuedAt: now.Add(-time.Minute), Expires: now.Add(time.Hour), All: all,
	}
}

var provider = &bundle.Provider{
	Account: accountA, ARN: "arn:aws:iam::" + accountA + ":oidc-provider/id.example.com/Realm", Key: "id.example.com/Realm",
}

// keysOf are condition keys as text.
func keysOf(k *authz.Context) map[string]string {
	out := map[string]string{}
	for name, v := range k.All() {
		if text, ok := v.Single(); ok {
			out[name] = text
		} else if list, ok := v.List(); ok {
			out[name] = "[" + strings.Join(list, " ") + "]"
		} else {
			out[name] = "?"
		}
	}
	return out
}

func TestFromWebIdentity(t *testing.T) {
	t.Parallel()
	f, r := session.FromWebIdentity(provider, claims(t, `
		"email": "alice@example.com", "email_verified": true, "level": 3, "big": 12345678901234567890,
		"groups": ["a", "b"], "mixed": [1, true, "x"], "empty": [], "none": null, "address": {"city": "Bern"}, "nested": [["a"]],
		"amr": "pwd", "Custom": "c"`))
	if r != nil {
		t.Fatal(r)
	}
	const p = "id.example.com/realm:"
	want := map[string]string{
		"aws:federatedprovider": provider.ARN, "aws:principalaccount": "anonymous", "aws:principaltype": "Anonymous", "aws:userid": "anonymous",
		p + "aud": "store", p + "oaud": "store", p + "sub": "alice", p + "iss": "https://id.example.com/Realm",
		p + "email": "alice@example.com", p + "email_verified": "true", p + "level": "3", p + "big": "12345678901234567890",
		p + "groups": "[a b]", p + "mixed": "[1 true x]", p + "amr": "[pwd]", p + "custom": "c",
	}
	if diff := cmp.Diff(want, keysOf(&f.Caller.Keys)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	kept := []session.Key{
		{Name: p + "aud", Values: []string{"store"}}, {Name: p + "sub", Values: []string{"alice"}}, {Name: p + "amr", Values: []string{"pwd"}, List: true},
	}
	if diff := cmp.Diff(kept, f.Kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if f.Caller.Type != authz.WebIdentity || f.Caller.Provider != provider.ARN || f.Kind != session.WebIdentity {
		t.Errorf("caller %+v", f.Caller)
	}
}

func TestWebIdentityAudiences(t *testing.T) {
	t.Parallel()
	c := claims(t, `"aud": ["store", "other"], "azp": "app"`)
	c.Audience, c.Audiences = "app", []string{"store", "other"}
	f, r := session.FromWebIdentity(provider, c)
	if r != nil {
		t.Fatal(r)
	}
	keys := keysOf(&f.Caller.Keys)
	if keys["id.example.com/realm:aud"] != "app" || keys["id.example.com/realm:oaud"] != "[store other]" {
		t.Errorf("%v", keys)
	}
}

func TestWebIdentityTags(t *testing.T) {
	t.Parallel()
	for name, members := range map[string]string{
		"nested": `"https://aws.amazon.com/tags": {"principal_tags": {"Team": ["blue"], "cost": ["7"]}, "transitive_tag_keys": ["team"]}`,
		"flat":   `"https://aws.amazon.com/tags/principal_tags/Team": ["blue"], "https://aws.amazon.com/tags/principal_tags/cost": ["7"], "https://aws.amazon.com/tags/transitive_tag_keys": ["team"]`,
	} {
		f, r := session.FromWebIdentity(provider, claims(t, members+`, "https://aws.amazon.com/source_identity": "alice"`))
		if r != nil {
			t.Errorf("%s: %v", name, r)
			continue
		}
		want := []action.Tag{{Key: "Team", Value: "blue"}, {Key: "cost", Value: "7"}}
		if diff := cmp.Diff(want, f.Tags); diff != "" || len(f.Transitive) != 1 || f.SourceIdentity != "alice" {
			t.Errorf("%s: %v %v %v", name, f.Tags, f.Transitive, f.SourceIdentity)
		}
	}
}

func TestWebIdentityRefused(t *testing.T) {
	t.Parallel()
	tags := func(text string) string { return `"https://aws.amazon.com/tags": ` + text }
	for name, members := range map[string]string{
		"names in two cases":            `"Sub": "root"`,
		"two custom names in two cases": `"group": "a", "Group": "b"`,
		"list too long":                 `"groups": [` + strings.Repeat(`"a", `, 512) + `"banned"]`,
		"list of texts and of others":   `"groups": ["a", {"name": "banned"}]`,
		"list with null":                `"groups": [null, "banned"]`,
		"tags that are no object":       tags(`["Team"]`),
		"tags of unknown form":          tags(`{"tags": {}}`),
		"tag that is no list":           tags(`{"principal_tags": {"Team": "blue"}}`),
		"tag with two values":           tags(`{"principal_tags": {"Team": ["blue", "red"]}}`),
		"tag without value":             tags(`{"principal_tags": {"Team": []}}`),
		"tag with a number":             tags(`{"principal_tags": {"Team": [1]}}`),
		"tag twice":                     tags(`{"principal_tags": {"Team": ["blue"], "Team": ["red"]}}`),
		"tag in two cases":              tags(`{"principal_tags": {"Team": ["blue"], "team": ["red"]}}`),
		"tags twice":                    tags(`{"principal_tags": {"a": ["b"]}, "principal_tags": {"Team": ["red"]}}`),
		"reserved tag":                  tags(`{"principal_tags": {"aws:x": ["blue"]}}`),
		"transitive and not there":      tags(`{"principal_tags": {}, "transitive_tag_keys": ["Team"]}`),
		"both forms":                    tags(`{"principal_tags": {"Team": ["blue"]}}`) + `, "https://aws.amazon.com/tags/principal_tags/cost": ["7"]`,
		"flat and unknown":              `"https://aws.amazon.com/tags/other": ["7"]`,
		"source identity too short":     `"https://aws.amazon.com/source_identity": "a"`,
		"source identity no text":       `"https://aws.amazon.com/source_identity": ["alice"]`,
		"source identity reserved":      `"https://aws.amazon.com/source_identity": "aws:alice"`,
	} {
		if _, r := session.FromWebIdentity(provider, claims(t, members)); r == nil || r.Code != "InvalidIdentityToken" || r.Status != 400 {
			t.Errorf("%s: %v", name, r)
		}
	}
	c := claims(t, "")
	c.Subject = ""
	if _, r := session.FromWebIdentity(provider, c); r == nil {
		t.Error("a token without subject is accepted")
	}
}

func FuzzWebIdentity(f *testing.F) {
	f.Add("email", `"alice@example.com"`, "groups", `["a"]`)
	f.Add("https://aws.amazon.com/tags", `{"principal_tags": {"Team": ["blue"]}, "transitive_tag_keys": ["Team"]}`, "https://aws.amazon.com/source_identity", `"alice"`)
	f.Add("https://aws.amazon.com/tags/principal_tags/x", `["7"]`, "https://aws.amazon.com/tags/transitive_tag_keys", `["x"]`)
	f.Fuzz(func(t *testing.T, name, value, other, otherValue string) {
		c := claims(t, "")
		c.All[name], c.All[other] = json.RawMessage(value), json.RawMessage(otherValue)
		who, r := session.FromWebIdentity(provider, c)
		if r != nil {
			return
		}
		keys := keysOf(&who.Caller.Keys)
		if keys["id.example.com/realm:sub"] != "alice" || keys["id.example.com/realm:aud"] != "store" || keys["aws:federatedprovider"] != provider.ARN {
			t.Errorf("a claim replaced another: %v", keys)
		}
		for key := range keys {
			if !strings.HasPrefix(key, "id.example.com/realm:") && !strings.HasPrefix(key, "aws:") {
				t.Errorf("key %q", key)
			}
		}
		if len(who.Tags) > 50 || len(who.SourceIdentity) > 64 {
			t.Errorf("%d tags, source identity %q", len(who.Tags), who.SourceIdentity)
		}
	})
}
