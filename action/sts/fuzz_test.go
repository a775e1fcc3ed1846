package sts_test

import (
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/sts"
)

// FuzzParameters holds of whatever stands in a form: nothing panics, refusals are
// whole and hold no token, what is accepted is the same once written anew, in a form
// and in a query, and is mapped to accesses that are declared.
func FuzzParameters(f *testing.F) {
	for _, form := range readSDK(f) {
		f.Add(form)
	}
	f.Add(with("AssumeRole", assume+"&Tags=&TransitiveTagKeys.member.1=a&Tags.member.2.Key=b"))
	f.Add(with("AssumeRole", assume+"&Policy=%7B+%7D%0a;&DurationSeconds=+900&&=&x"))
	f.Add(with("AssumeRoleWithWebIdentity", assume+"&WebIdentityToken=%00%ff%zz"))
	f.Fuzz(func(t *testing.T, form string) {
		if len(form) > sts.MaxSAMLBody {
			return // no door reads it
		}
		op, credential, r := post(t, form)
		if r != nil {
			if r.Code == "" || r.Message == "" || r.Status < 400 || r.Status > 599 || len(r.Message) > 16<<10 {
				t.Fatalf("half a refusal: %+v", r)
			}
			if credential.Token != "" || op.Mapper != nil {
				t.Fatalf("refused, and yet %+v", op)
			}
			return
		}
		p := op.Mapper.(*sts.Parameters)
		written := write(op.Name, p, credential)
		for name, read := range map[string]reader{"POST": post, "GET": get} {
			if name == "GET" && len(written) > 64<<10 {
				continue
			}
			again, credentialAgain, r := read(t, written)
			if r != nil {
				t.Fatalf("%s refuses %s: %v", name, written, r)
			}
			if diff := cmp.Diff(p, again.Mapper) + cmp.Diff(credential, credentialAgain); diff != "" || again.Name != op.Name {
				t.Fatalf("%s reads %s otherwise: %s", name, written, diff)
			}
		}
		if (credential.Kind == action.NoCredential) != (credential.Token == "") {
			t.Fatalf("credential %+v", credential)
		}
		m, r := mapper.Map(newRequest(t, "POST", "/", formFields...), &op, place(), nil)
		if r != nil || len(m.Accesses) == 0 {
			t.Fatalf("%s is mapped to %+v, %v", op.Name, m, r)
		}
		for i := range m.Accesses {
			if a := &m.Accesses[i]; a.Account == "" || a.Resource == "" || !strings.HasPrefix(a.Action, "sts:") {
				t.Fatalf("access %+v", a)
			}
		}
	})
}

// write is the form of parameters, as a client sends it.
func write(operation string, p *sts.Parameters, c action.Credential) string {
	form := url.Values{"Action": {operation}, "Version": {"2011-06-15"}}
	set := func(name, value string) {
		if value != "" {
			form.Set(name, value)
		}
	}
	for name, value := range map[string]string{
		"RoleArn": p.RoleARN, "RoleSessionName": p.SessionName, "Policy": p.Policy, "ExternalId": p.ExternalID,
		"SourceIdentity": p.SourceIdentity, "SerialNumber": p.SerialNumber, "TokenCode": p.TokenCode,
		"Name": p.Name, "EncodedMessage": p.EncodedMessage, "AccessKeyId": p.InfoKeyID, "PrincipalArn": c.ProviderARN,
	} {
		set(name, value)
	}
	switch c.Kind {
	case action.WebIdentityToken:
		set("WebIdentityToken", c.Token)
	case action.SAMLAssertion:
		set("SAMLAssertion", c.Token)
	}
	if p.Duration != 0 {
		set("DurationSeconds", strconv.Itoa(int(p.Duration.Seconds())))
	}
	for i, arn := range p.PolicyARNs {
		form.Set("PolicyArns.member."+strconv.Itoa(i+1)+".arn", arn)
	}
	for i, tag := range p.Tags {
		form.Set("Tags.member."+strconv.Itoa(i+1)+".Key", tag.Key)
		form.Set("Tags.member."+strconv.Itoa(i+1)+".Value", tag.Value)
	}
	for i, key := range p.TransitiveTagKeys {
		form.Set("TransitiveTagKeys.member."+strconv.Itoa(i+1), key)
	}
	return form.Encode()
}

// TestWriteIsWhole holds that write leaves out no parameter.
func TestWriteIsWhole(t *testing.T) {
	t.Parallel()
	if n := reflect.TypeFor[action.Assumption]().NumField(); n != 12 {
		t.Errorf("an Assumption has %d fields: see whether write has them all", n)
	}
	if n := reflect.TypeFor[sts.Parameters]().NumField(); n != 4 {
		t.Errorf("Parameters have %d fields: see whether write has them all", n)
	}
}
