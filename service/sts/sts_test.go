package sts_test

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	mapper "github.com/sallyport-iam/sallyport/action/sts"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/service"
	"github.com/sallyport-iam/sallyport/service/sts"
	"github.com/sallyport-iam/sallyport/session"
	"github.com/sallyport-iam/sallyport/wire"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	account  = "111122223333"
	aliceKey = "AKIAEXAMPLEALICE2345"
	bobKey   = "AKIAEXAMPLEBOB234567"
)

var files = map[string]string{
	"bundle/bundle.yaml":                            "accounts:\n  \"111122223333\": {alias: storage}\n  \"444455556666\": {alias: other}\n",
	"bundle/accounts/111122223333/users/alice.yaml": "id: AIDAALICEALICEALICE1\npath: /team/\n",
	"bundle/accounts/444455556666/users/bob.yaml":   "id: AIDABOBBOBBOBBOBBOB1\n",
	"bundle/accounts/111122223333/roles/app.yaml":   "id: AROAAPPAPPAPPAPPAPP1\n",
	"bundle/accounts/111122223333/roles/app.trust.json": `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}]}`,
	"keys.yaml": "keys:\n" +
		"  - {access_key_id: " + aliceKey + ", secret_access_key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY, account: \"111122223333\", user: alice}\n" +
		"  - {access_key_id: " + bobKey + ", secret_access_key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY, account: \"444455556666\", user: bob, status: Inactive}\n",
}

// load makes a snapshot of files.
func load(t testing.TB, o bundle.Options) *bundle.Snapshot {
	t.Helper()
	directory := t.TempDir()
	for name, text := range files {
		path := filepath.Join(directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.Directory, o.KeyFiles = filepath.Join(directory, "bundle"), []string{filepath.Join(directory, "keys.yaml")}
	snapshot, findings := bundle.Load(o)
	if snapshot == nil {
		t.Fatal(findings)
	}
	return snapshot
}

// callOf is a call of an operation by somebody, mapped from a form.
func callOf(t testing.TB, snapshot *bundle.Snapshot, caller *authz.Caller, form string) *service.Call {
	t.Helper()
	req := &wire.Request{Method: "POST", Path: "/", Fields: wire.Fields{{Name: "content-type", Value: "application/x-www-form-urlencoded"}}}
	op, r := mapper.New(mapper.Options{SAML: true}).Recognise(req, action.Place{})
	if r == nil {
		_, r = op.FromBody(req, &op, []byte("Version=2011-06-15&Action="+form))
	}
	if r != nil {
		t.Fatal(r)
	}
	return &service.Call{Operation: &op, Caller: caller, AccessKeyID: aliceKey, Snapshot: snapshot, Now: now, RequestID: "4442587FB7D0A2F9"}
}

// answer is the text of an answer.
func answer(t testing.TB, s *sts.Service, call *service.Call) (string, *wire.Refusal) {
	t.Helper()
	resp, r := s.Answer(t.Context(), call)
	if r != nil {
		return "", r
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), nil
}

func alice(t testing.TB, snapshot *bundle.Snapshot) *authz.Caller {
	t.Helper()
	u := snapshot.UserByARN("arn:aws:iam::111122223333:user/team/alice")
	if u == nil {
		t.Fatal("there is no alice")
	}
	return u.Caller
}

func sessions(t testing.TB) *session.Sessions {
	t.Helper()
	s, err := session.New(session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCallerIdentity tells callers of every kind who they are.
func TestCallerIdentity(t *testing.T) {
	t.Parallel()
	snapshot := load(t, bundle.Options{})
	with := func(c authz.Caller, userID string) *authz.Caller {
		if userID != "" {
			c.Keys.Set("aws:userid", userID)
		}
		return &c
	}
	tests := []struct {
		name            string
		caller          *authz.Caller
		userID, account string
		arn             string
	}{
		{"user", alice(t, snapshot), "AIDAALICEALICEALICE1", account, "arn:aws:iam::111122223333:user/team/alice"},
		{"role", with(authz.Caller{Type: authz.AssumedRole, Account: account, ID: "AROAEXAMPLE:s1", ARN: "arn:aws:sts::111122223333:assumed-role/app/s1"}, "AROAEXAMPLE:s1"),
			"AROAEXAMPLE:s1", account, "arn:aws:sts::111122223333:assumed-role/app/s1"},
		{"federated user", with(authz.Caller{Type: authz.FederatedUser, Account: account, ARN: "arn:aws:sts::111122223333:federated-user/bob"}, "111122223333:bob"),
			"111122223333:bob", account, "arn:aws:sts::111122223333:federated-user/bob"},
		{"root", with(authz.Caller{Type: authz.Root, Account: account, ARN: "arn:aws:iam::111122223333:root"}, account), account, account, "arn:aws:iam::111122223333:root"},
		{"without the key", with(authz.Caller{Account: account, ID: "AIDAX", ARN: "arn:aws:iam::111122223333:user/x"}, ""), "AIDAX", account, "arn:aws:iam::111122223333:user/x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, r := answer(t, sts.New(nil), callOf(t, snapshot, tt.caller, "GetCallerIdentity"))
			want := `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><UserId>` + tt.userID +
				`</UserId><Account>` + tt.account + `</Account><Arn>` + tt.arn + `</Arn></GetCallerIdentityResult>` +
				`<ResponseMetadata><RequestId>4442587FB7D0A2F9</RequestId></ResponseMetadata></GetCallerIdentityResponse>`
			if diff := cmp.Diff(want, got); r != nil || diff != "" {
				t.Error(r, diff)
			}
		})
	}
}

// TestAccessKeyInfo tells whose key it is, whatever its account and state.
func TestAccessKeyInfo(t *testing.T) {
	t.Parallel()
	snapshot := load(t, bundle.Options{})
	tests := []struct{ id, own, account, code string }{
		{aliceKey, aliceKey, account, ""},
		{bobKey, aliceKey, "444455556666", ""}, // inactive
		{"ASIAEXAMPLEALICE2345", "ASIAEXAMPLEALICE2345", account, ""},
		{"ASIAEXAMPLEALICE2345", aliceKey, "", "ValidationError"},
		{"AKIAEXAMPLENOBODY234", aliceKey, "", "ValidationError"},
	}
	for _, tt := range tests {
		call := callOf(t, snapshot, alice(t, snapshot), "GetAccessKeyInfo&AccessKeyId="+tt.id)
		call.AccessKeyID = tt.own
		got, r := answer(t, sts.New(nil), call)
		if r != nil && r.Code != tt.code || r == nil && !strings.Contains(got, "<Account>"+tt.account+"</Account>") {
			t.Errorf("%s: %s %v", tt.id, got, r)
		}
	}
}

// TestOff holds that without keys nothing is issued, and that clients do not try it
// again: the code is one that only an administrator can change.
func TestOff(t *testing.T) {
	t.Parallel()
	snapshot := load(t, bundle.Options{})
	for name, s := range map[string]*sts.Service{"no sessions": sts.New(nil), "no keys": sts.New(sessions(t))} {
		for _, form := range []string{"GetSessionToken", "GetFederationToken&Name=bob", "AssumeRole&RoleSessionName=s1&RoleArn=arn:aws:iam::111122223333:role/app"} {
			call := callOf(t, snapshot, alice(t, snapshot), form)
			call.Grant = &session.Grant{}
			got, r := answer(t, s, call)
			if r == nil || r.Code != "RegionDisabledException" || r.Status != 403 || r.Retryable || !strings.Contains(r.Message, "sessions.keys") {
				t.Errorf("%s, %s: %s %v", name, form, got, r)
			}
			if call.Issued != (service.Issued{}) {
				t.Errorf("%s, %s: recorded as issued: %+v", name, form, call.Issued)
			}
		}
	}
}

// TestNotDecided holds that what did not come the whole way gets nothing.
func TestNotDecided(t *testing.T) {
	t.Parallel()
	snapshot := load(t, bundle.Options{})
	role := "AssumeRole&RoleSessionName=s1&RoleArn=arn:aws:iam::111122223333:role/app"
	for name, change := range map[string]func(*service.Call){
		"no grant":          func(*service.Call) {},
		"no caller":         func(c *service.Call) { c.Caller, c.Grant = nil, &session.Grant{} },
		"no snapshot":       func(c *service.Call) { c.Snapshot, c.Grant = nil, &session.Grant{} },
		"not mapped":        func(c *service.Call) { c.Operation, c.Grant = &action.Operation{Name: "AssumeRole"}, &session.Grant{} },
		"unknown operation": func(c *service.Call) { c.Operation.Name = "AssumeRoot" },
	} {
		call := callOf(t, snapshot, alice(t, snapshot), role)
		change(call)
		if got, r := answer(t, sts.New(sessions(t)), call); r == nil || r.Status != 500 {
			t.Errorf("%s: %s %v", name, got, r)
		}
	}
}

// TestDecode refuses what is no message, or where there are no keys.
func TestDecode(t *testing.T) {
	t.Parallel()
	snapshot := load(t, bundle.Options{})
	got, r := answer(t, sts.New(nil), callOf(t, snapshot, alice(t, snapshot), "DecodeAuthorizationMessage&EncodedMessage=abc"))
	if r == nil || r.Code != "InvalidAuthorizationMessageException" || r.Status != 400 {
		t.Errorf("%s %v", got, r)
	}
}

// TestKeysOfAssuming holds that the bundle is told of all keys that the session room
// fills for assuming a role.
func TestKeysOfAssuming(t *testing.T) {
	t.Parallel()
	m := mapper.New(mapper.Options{})
	for _, key := range session.AssumeKeys() {
		if strings.HasSuffix(key, "/") {
			key += "team"
		}
		for _, action := range []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"} {
			if !m.Fills(action, key) {
				t.Errorf("%s is said to be absent from %s", key, action)
			}
		}
	}
}

// FuzzEscaping holds that an answer says what it is to say, whatever that is.
func FuzzEscaping(f *testing.F) {
	f.Add("arn:aws:iam::111122223333:user/<a>&\"'")
	f.Add("\x00\ufffe\xff\r\n\t]]>")
	snapshot := load(f, bundle.Options{})
	f.Fuzz(func(t *testing.T, arn string) {
		got, r := answer(t, sts.New(nil), callOf(t, snapshot, &authz.Caller{Account: account, ARN: arn}, "GetCallerIdentity"))
		if r != nil {
			t.Fatal(r)
		}
		var read struct {
			XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
			Result  struct {
				UserID       string `xml:"UserId"`
				Account, Arn string
			} `xml:"GetCallerIdentityResult"`
		}
		if err := xml.Unmarshal([]byte(got), &read); err != nil {
			t.Fatal(err)
		}
		want := strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
				return '\ufffd'
			}
			return r
		}, arn)
		if read.Result.Arn != want || read.Result.Account != account {
			t.Fatalf("%q is read as %q", arn, read.Result.Arn)
		}
	})
}
