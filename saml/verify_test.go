package saml_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/sallyport-iam/sallyport/saml"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	all := one(own+"Role", role+","+provider, " arn:aws:iam::111122223333:saml-provider/corp , arn:aws:iam::111122223333:role/x/admin ") + one(own+"RoleSessionName", "alice@example.com") +
		one(own+"SessionDuration", "7200") + one(own+"PrincipalTag:Department", "R&amp;D") + one(own+"PrincipalTag:Cost", "1") + one(own+"TransitiveTagKeys", "Department", "Cost") +
		one(own+"SourceIdentity", "alice") + one("urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "staff", "member") + one("urn:oid:0.9.2342.19200300.100.1.3", "alice@example.com") + one("department", "other")
	want := &saml.Claims{
		Issuer: entity, Subject: "alice", SubjectType: "persistent", Recipient: recipient, Issued: now.Add(-time.Minute), Expires: now.Add(8 * time.Hour),
		Roles:       []saml.Role{{RoleARN: role, ProviderARN: provider}, {RoleARN: "arn:aws:iam::111122223333:role/x/admin", ProviderARN: provider}},
		SessionName: "alice@example.com", Duration: 2 * time.Hour, Tags: []saml.Tag{{Key: "Department", Value: "R&D"}, {Key: "Cost", Value: "1"}},
		TransitiveTagKeys: []string{"Department", "Cost"}, SourceIdentity: "alice",
		Keys: []saml.Key{{Name: "saml:edupersonaffiliation", Values: []string{"staff", "member"}, List: true}, {Name: "saml:mail", Values: []string{"alice@example.com"}}},
	}
	for _, whole := range []bool{false, true} {
		r := response{Attributes: all, Whole: whole, Assertion: replace("<saml:AuthnStatement ", `<saml:AuthnStatement SessionNotOnOrAfter="`+at(8*time.Hour)+`" `)}
		got, err := parsed(t, ours()).Verify(r.encoded(), now)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(whole, err, diff)
		}
	}
	if got := saml.NameQualifier("https://example.com/saml", "123456789012", "MySAMLIdP"); got != "1uAJanUnBc2XeUkHURMht+xam2c=" {
		t.Error(got)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	change := func(old, text string) response { return response{Assertion: replace(old, text)} }
	with := func(more string) response { return response{Attributes: attributes + more} }
	forged := func(assertion string) string {
		return strings.NewReplacer(`ID="_assertion"`, `ID="_forged"`, ">alice<", ">root<").Replace(assertion)
	}
	stripped := func(assertion string) string {
		start, end := strings.Index(assertion, "<ds:Signature"), strings.Index(assertion, "</ds:Signature>")
		return assertion[:start] + assertion[end+len("</ds:Signature>"):]
	}
	confirmation := `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="` + at(4*time.Minute) + `" Recipient="` + recipient + `"/></saml:SubjectConfirmation>`
	for _, c := range []struct {
		name  string
		r     response
		kind  string // "" if it is accepted
		cause string
	}{
		{"good", response{}, "", ""},
		{"signed as a whole", response{Whole: true}, "", ""},
		{"an answer to a request", change("<saml:SubjectConfirmationData ", `<saml:SubjectConfirmationData InResponseTo="_request" `), "", ""},
		{"a region's endpoint", response{Assertion: replace(recipient, "https://eu-west-1.signin.aws.amazon.com/saml/acs/SAMLSP1"), Answer: replace(`Destination="`+recipient+`"`, "")}, "", ""},
		{"unsigned", response{Unsigned: true}, "untrusted", "signature"},
		{"another's signature", response{Signer: theirs()}, "untrusted", "signature"},
		{"SHA-1", response{Method: dsig.RSASHA1SignatureMethod}, "untrusted", "SHA-1"},
		{"changed after", response{After: func(r, _ string) string { return strings.Replace(r, ">alice<", ">root<", 1) }}, "untrusted", "signature"},
		{"changed after, signed as a whole", response{Whole: true, After: func(r, _ string) string { return strings.Replace(r, ">alice<", ">root<", 1) }}, "untrusted", "signature"},
		{"another issuer", change(">"+entity+"<", ">https://evil.example.com<"), "untrusted", "issuer"},
		{"another issuer of the response", response{Answer: replace(">"+entity+"</saml:Issuer><samlp", ">https://evil.example.com</saml:Issuer><samlp")}, "untrusted", "Issuer"},
		{"no success", response{Answer: replace("status:Success", "status:Requester")}, "untrusted", "Requester"},
		{"another recipient", change(recipient, "https://app.example.com/saml"), "untrusted", "app.example.com"},
		{"a recipient that looks like it", change(recipient, "https://signin.aws.amazon.com.evil.example/saml"), "untrusted", "Recipient"},
		{"no recipient", change(`Recipient="`+recipient+`"`, ""), "untrusted", "Recipient"},
		{"another destination", response{Whole: true, Answer: replace(`Destination="`+recipient+`"`, `Destination="https://app.example.com/"`)}, "untrusted", "Destination"},
		{"another audience", change("urn:amazon:webservices", "https://app.example.com"), "untrusted", "audience"},
		{"no audience", change("<saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction>", ""), "untrusted", "audience"},
		{"two restrictions", change("</saml:Conditions>", "<saml:AudienceRestriction><saml:Audience>https://app.example.com</saml:Audience></saml:AudienceRestriction></saml:Conditions>"), "untrusted", "audience"},
		{"an unknown condition", change("</saml:Conditions>", `<saml:Condition xmlns:x="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x:Odd"/></saml:Conditions>`), "untrusted", "condition"},
		{"over", change(`NotOnOrAfter="`+at(4*time.Minute), `NotOnOrAfter="`+at(-4*time.Minute)), "expired", ""},
		{"six minutes old", change(`IssueInstant="`+at(-time.Minute), `IssueInstant="`+at(-6*time.Minute)), "expired", ""},
		{"four minutes old", change(`IssueInstant="`+at(-time.Minute), `IssueInstant="`+at(-4*time.Minute)), "", ""},
		{"issued in the future", change(`IssueInstant="`+at(-time.Minute), `IssueInstant="`+at(4*time.Minute)), "not_yet_valid", ""},
		{"not yet valid", change(`NotBefore="`+at(-time.Minute), `NotBefore="`+at(4*time.Minute)), "not_yet_valid", ""},
		{"the confirmation without an end", change(`NotOnOrAfter="`+at(4*time.Minute)+`" Recipient`, `Recipient`), "expired", ""},
		{"no conditions", response{Assertion: func(s string) string {
			return s[:strings.Index(s, "<saml:Conditions")] + s[strings.Index(s, "</saml:Conditions>")+len("</saml:Conditions>"):]
		}}, "malformed", "Conditions"},
		{"no subject name", change(">alice<", "> <"), "malformed", "NameID"},
		{"two confirmations", change(confirmation, confirmation+confirmation), "malformed", "SubjectConfirmation"},
		{"holder of key", change("cm:bearer", "cm:holder-of-key"), "malformed", "bearer"},
		{"SAML 1.1", change(`Version="2.0"`, `Version="1.1"`), "untrusted", "1.1"},

		{"two assertions", response{After: func(r, a string) string { return strings.Replace(r, a, a+forged(stripped(a)), 1) }}, "malformed", "2 assertions"},
		{"two assertions in a signed response", response{Whole: true, Answer: func(r string) string {
			return strings.Replace(r, "</samlp:Response>", r[strings.Index(r, "<saml:Assertion"):], 1)
		}}, "malformed", "2 assertions"},
		{"no assertion", response{Whole: true, Answer: func(r string) string { return r[:strings.Index(r, "<saml:Assertion")] + "</samlp:Response>" }}, "malformed", "0 assertions"},
		{"wrapped: the signed one in extensions", response{After: func(r, a string) string {
			return strings.Replace(r, a, "<samlp:Extensions>"+a+"</samlp:Extensions>"+forged(stripped(a)), 1)
		}}, "malformed", "2 assertions"},
		{"wrapped: the signed one in the signature", response{After: func(r, a string) string {
			signature := a[strings.Index(a, "<ds:Signature"):strings.Index(a, "</ds:Signature>")]
			return strings.Replace(r, a, strings.Replace(forged(stripped(a)), "</saml:Issuer>", "</saml:Issuer>"+signature+"<ds:Object>"+stripped(a)+"</ds:Object></ds:Signature>", 1), 1)
		}}, "malformed", "2 assertions"},
		{"wrapped: another element of its id", response{After: func(r, a string) string {
			return strings.Replace(strings.Replace(r, a, strings.Replace(a, ">alice<", ">root<", 1), 1), "<samlp:Status>", `<samlp:Extensions><x xmlns="urn:x" ID="_assertion">alice</x></samlp:Extensions><samlp:Status>`, 1)
		}}, "untrusted", "signature"},
		{"wrapped: the response's signature in an assertion", response{Whole: true, After: func(r, _ string) string {
			signature := r[strings.Index(r, "<ds:Signature") : strings.Index(r, "</ds:Signature>")+len("</ds:Signature>")]
			r = strings.Replace(r, signature, "", 1)
			return strings.Replace(strings.Replace(r, "</saml:Issuer><saml:Subject>", "</saml:Issuer>"+signature+"<saml:Subject>", 1), ">alice<", ">root<", 1)
		}}, "untrusted", "signature"},
		{"both signed", response{Answer: func(r string) string { return response{Whole: true}.made().Sign(r) }}, "", ""},
		{"a signature of many references", response{After: func(r, _ string) string {
			return strings.Replace(r, "</ds:SignedInfo>", strings.Repeat(`<ds:Reference URI="#_assertion"/>`, 300)+"</ds:SignedInfo>", 1)
		}}, "malformed", "301 references"},
		{"an element of many attributes", response{After: func(r, _ string) string {
			var many strings.Builder
			for i := range 100 {
				fmt.Fprintf(&many, ` a%d=""`, i)
			}
			return strings.Replace(r, "<samlp:Status>", "<samlp:Status"+many.String()+">", 1)
		}}, "malformed", "more than 64"},
		{"encrypted", response{After: func(r, a string) string {
			return strings.Replace(r, a, `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>`, 1)
		}}, "malformed", "encrypted (EncryptedAssertion)"},
		{"an encrypted name", change(">alice</saml:NameID>", ">alice</saml:NameID><saml:EncryptedID/>"), "malformed", "encrypted (EncryptedID)"},
		{"a comment in the name", response{After: func(r, _ string) string { return strings.Replace(r, ">alice<", ">root<!-- -->alice<", 1) }}, "malformed", "comment"},
		{"a processing instruction", change(">alice<", ">alice<?php evil?><"), "malformed", "processing instruction"},
		{"a document type", response{After: func(r, _ string) string { return "<!DOCTYPE r>" + r }}, "malformed", "document type"},
		{"an entity", response{After: func(r, _ string) string {
			return `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + strings.Replace(r, ">alice<", ">&x;<", 1)
		}}, "malformed", "document type"},
		{"an undeclared entity", response{After: func(r, _ string) string { return strings.Replace(r, ">alice<", ">&x;<", 1) }}, "malformed", "entities"},
		{"UTF-16", response{After: func(r, _ string) string { return "\xff\xfe" + r }}, "malformed", "UTF-8"},
		{"another encoding", response{After: func(r, _ string) string { return `<?xml version="1.0" encoding="ISO-8859-1"?>` + r }}, "malformed", "UTF-8"},
		{"text after", response{After: func(r, _ string) string { return r + r }}, "malformed", ""},
		{"nested", response{After: func(r, _ string) string {
			return strings.Replace(r, "<samlp:Status>", "<samlp:Extensions>"+strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100)+"</samlp:Extensions><samlp:Status>", 1)
		}}, "malformed", "deeper"},
		{"many elements", response{After: func(r, _ string) string {
			return strings.Replace(r, "<samlp:Status>", "<samlp:Extensions>"+strings.Repeat("<a/>", 2000)+"</samlp:Extensions><samlp:Status>", 1)
		}}, "malformed", "elements: 2000 are the most"},
		{"as many values as there may be", with(one("urn:oid:1.3.6.1.4.1.5923.1.1.1.1", strings.Split(strings.Repeat("a,", 494)+"a", ",")...)), "", ""},
		{"an assertion alone", response{After: func(_, a string) string { return a }}, "malformed", "Response"},
		{"a request", response{After: func(string, string) string {
			return `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>`
		}}, "malformed", "AuthnRequest"},

		{"no role", response{Attributes: one(own+"RoleSessionName", "a")}, "malformed", "Role"},
		{"a role without provider", response{Attributes: one(own+"Role", role) + one(own+"RoleSessionName", "a")}, "malformed", "comma"},
		{"two providers", response{Attributes: one(own+"Role", provider+","+provider) + one(own+"RoleSessionName", "a")}, "malformed", "comma"},
		{"no session name", response{Attributes: one(own+"Role", role+","+provider)}, "malformed", "RoleSessionName"},
		{"two session names", response{Attributes: one(own+"Role", role+","+provider) + one(own+"RoleSessionName", "a", "b")}, "malformed", "2 values"},
		{"the role twice", with(one(own+"Role", "arn:aws:iam::111122223333:role/admin,"+provider)), "malformed", "twice"},
		{"too short", with(one(own+"SessionDuration", "899")), "malformed", "900"},
		{"no number", with(one(own+"SessionDuration", "1h")), "malformed", "900"},
		{"a tag with two values", with(one(own+"PrincipalTag:a", "b", "c")), "malformed", "2 values"},
		{"an unknown attribute of AWS's", with(one(own+"PrincipalTags", "b")), "malformed", "not known"},
		{"too many values", with(one("x", strings.Split(strings.Repeat("v,", 600), ",")...)), "malformed", "more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			claims, err := parsed(t, ours()).Verify(c.r.encoded(), now)
			check(t, err, c.kind, c.cause)
			if (err == nil) != (claims != nil) || claims != nil && claims.Subject != "alice" {
				t.Errorf("%+v", claims)
			}
		})
	}
}

func check(t *testing.T, err error, kind, cause string) {
	t.Helper()
	got := ""
	if err != nil {
		e, ok := errors.AsType[*saml.Error](err)
		if !ok {
			t.Fatalf("%T is no *saml.Error: %v", err, err)
		}
		got = e.Kind.String()
		if strings.Contains(e.Cause, "alice") || strings.Contains(e.Cause, "</") {
			t.Errorf("the error repeats the Answer: %v", err)
		}
	}
	if got != kind || err != nil && !strings.Contains(err.Error(), cause) {
		t.Errorf("%s, %v; want %s, %s", got, err, kind, cause)
	}
}

// TestSpaces tells spaces of a name from those of the layout.
func TestSpaces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"\n  alice\n\t": "alice", "alice&#xA0;": "alice\u00a0", "&#x2003;alice": "\u2003alice", "alice&#x85;": "alice\u0085"} {
		r := response{Assertion: replace(">alice<", ">"+text+"<"), Attributes: attributes + one(own+"PrincipalTag:name", text)}
		c, err := parsed(t, ours()).Verify(r.encoded(), now)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if c.Subject != want || c.Tags[0].Value != want {
			t.Errorf("%q is read as %q and %q, not %q", text, c.Subject, c.Tags[0].Value, want)
		}
	}
}

func TestEncoding(t *testing.T) {
	t.Parallel()
	p, text := parsed(t, ours()), response{}.encoded()
	for _, c := range []struct{ name, text, kind, cause string }{
		{"in lines", text[:76] + "\r\n" + text[76:], "", ""},
		{"empty", "", "malformed", "XML"},
		{"no base64", text[:100] + "*" + text[100:], "malformed", "base64"},
		{"cut", text[:len(text)-40], "malformed", ""},
		{"XML itself", response{}.text(), "malformed", "base64"},
		{"too large", strings.Repeat("A", saml.MaxResponse+1), "malformed", "100000"},
		{"not XML", base64.StdEncoding.EncodeToString([]byte("{}")), "malformed", "XML"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := p.Verify(c.text, now)
			check(t, err, c.kind, c.cause)
		})
	}
}

// TestRollover: a provider signs with any of its certificates, and not with one
// that has ended.
func TestRollover(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		known  []signer
		signer signer
		kind   string
	}{
		{"the first of two", []signer{ours(), theirs()}, ours(), ""},
		{"the second of two", []signer{ours(), theirs()}, theirs(), ""},
		{"an elliptic curve", []signer{curve()}, curve(), ""},
		{"neither", []signer{ours(), theirs()}, curve(), "untrusted"},
		{"ended", []signer{outdated()}, outdated(), "untrusted"},
		{"another certificate of the key", []signer{ours()}, outdated(), "untrusted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := parsed(t, c.known...).Verify(response{Signer: c.signer}.encoded(), now)
			check(t, err, c.kind, "")
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	p := parsed(t, ours())
	if p.EntityID() != entity || !p.ValidUntil().IsZero() || !p.CertificatesUntil().Equal(now.AddDate(1, 0, 0)) {
		t.Error(p.EntityID(), p.ValidUntil(), p.CertificatesUntil())
	}
	for _, c := range []struct {
		name, cause string
		text        []byte
	}{
		{"nothing", "XML", nil},
		{"a page", "", []byte("<html><body></body></html>")},
		{"no entity id", "entityID", metadata(replace(`entityID="`+entity+`"`, ""), ours())},
		{"a service's", "was that of a service", metadata(replace("IDPSSODescriptor", "SPSSODescriptor"), ours())},
		{"no certificate", "no certificate", metadata(nil)},
		{"one for encryption", "no certificate", metadata(replace(`use="signing"`, `use="encryption"`), ours())},
		{"a broken certificate", "certificate 1", metadata(replace("<ds:X509Certificate>", "<ds:X509Certificate>AAAA"), ours())},
		{"a weak key", "2048", metadata(nil, ours(), weak())},
		{"a document type", "document type", append([]byte("<!DOCTYPE x>"), metadata(nil, ours())[39:]...)},
		{"two providers", "2 entities", metadata(func(s string) string {
			s = s[strings.Index(s, "<md:"):]
			return `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">` + s + strings.Replace(s, entity, entity+"2", 1) + `</md:EntitiesDescriptor>`
		}, ours())},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := saml.Parse(c.text); err == nil || !strings.Contains(err.Error(), c.cause) {
				t.Errorf("%v; want %s", err, c.cause)
			}
		})
	}
	ended, err := saml.Parse(metadata(replace("entityID=", `validUntil="`+at(-time.Hour)+`" entityID=`), ours()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = ended.Verify(response{}.encoded(), now)
	check(t, err, "untrusted", "metadata expired")
}

func FuzzResponse(f *testing.F) {
	good := response{}.text()
	for _, seed := range []string{good, response{Whole: true}.text(), "", "<a/>", strings.Replace(good, ">alice<", ">root<", 1), strings.Replace(good, "saml:", "", 3)} {
		f.Add(seed)
	}
	p := parsed(f, ours())
	f.Fuzz(func(t *testing.T, text string) {
		claims, err := p.Verify(base64.StdEncoding.EncodeToString([]byte(text)), now)
		if err != nil {
			if _, ok := errors.AsType[*saml.Error](err); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if claims.Subject != "alice" || claims.SessionName != "alice@example.com" || len(claims.Roles) != 1 || claims.Roles[0] != (saml.Role{RoleARN: role, ProviderARN: provider}) || claims.Recipient != recipient {
			t.Errorf("%+v of %q", claims, text)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add(metadata(nil, curve()))
	f.Add([]byte("<a/>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, err := saml.Parse(text); err == nil && (p.EntityID() == "" || p.CertificatesUntil().IsZero()) {
			t.Error("accepted without what it must have")
		}
	})
}
