package session_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/session"
)

const aliceMFA = "arn:aws:iam::" + accountA + ":mfa/alice"

// withDevice is base with an MFA device of alice's.
var withDevice = chained.with(files{
	"keys.yaml": base["keys.yaml"] + fmt.Sprintf("mfa_devices:\n  - {serial: %q, account: %q, user: alice, seed: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ}\n", aliceMFA, accountA),
})

// code is what the device shows at a time.
func code(at time.Time) string {
	h := hmac.New(sha1.New, []byte("12345678901234567890"))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := h.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&0xf:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

const mfaCondition = `"Bool": {"aws:MultiFactorAuthPresent": "true"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "60"}`

// TestMFAInTrust asks a trust policy that asks for a second factor, with every kind
// of credentials.
func TestMFAInTrust(t *testing.T) {
	t.Parallel()
	asks := policy(trusts(`"AWS": "`+accountA+`"`, `["sts:AssumeRole", "sts:TagSession"]`, mfaCondition))
	f := withDevice.with(files{a + "roles/app.trust.json": asks, a + "users/dave/all.json": policy(allow("*", "*"))})
	with := func(w *world, c caller, at time.Time, serial, code string) string {
		ask := assumption(appARN)
		ask.SerialNumber, ask.TokenCode = serial, code
		_, r := w.mayAt(c, ask, at)
		if r == nil {
			return ""
		}
		return r.Code + ": " + r.Message
	}
	user := func(w *world, code string) caller {
		q := &session.TokenQuestion{}
		if code != "" {
			q.SerialNumber, q.TokenCode = aliceMFA, code
		}
		c, r := w.sessions.IssueSessionToken(w.snap, w.user(aliceKey).caller, aliceKey, q, now)
		if r != nil {
			w.t.Fatal(r)
		}
		return w.open(c)
	}
	const (
		untrusted = "AccessDenied: User: " + aliceARN + " is not authorized to perform: sts:AssumeRole on resource: " + appARN + " because no role trust policy allows the sts:AssumeRole action"
		wrong     = "AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code. "
		device    = "AccessDenied: MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
		half      = "AccessDenied: MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. "
	)
	for name, tt := range map[string]struct {
		ask  func(w *world) string
		want string
	}{
		"a key without a code":        {func(w *world) string { return with(w, w.user(aliceKey), now, "", "") }, untrusted},
		"a key with its code":         {func(w *world) string { return with(w, w.user(aliceKey), now, aliceMFA, code(now)) }, ""},
		"a key with a wrong code":     {func(w *world) string { return with(w, w.user(aliceKey), now, aliceMFA, code(now.Add(time.Hour))) }, wrong},
		"a key with another's device": {func(w *world) string { return with(w, w.user(daveKey), now, aliceMFA, code(now)) }, device},
		"a key with no device":        {func(w *world) string { return with(w, w.user(aliceKey), now, aliceMFA+"x", code(now)) }, device},
		"a code without a device":     {func(w *world) string { return with(w, w.user(aliceKey), now, "", code(now)) }, half},
		"a device without a code":     {func(w *world) string { return with(w, w.user(aliceKey), now, aliceMFA, "") }, half},
		"a code twice": {func(w *world) string {
			if r := with(w, w.user(aliceKey), now, aliceMFA, code(now)); r != "" {
				t.Error(r)
			}
			return with(w, w.user(aliceKey), now, aliceMFA, code(now))
		}, wrong},
		"a session without one":     {func(w *world) string { return with(w, user(w, ""), now, "", "") }, untrusted},
		"a session with one":        {func(w *world) string { return with(w, user(w, code(now)), now, "", "") }, ""},
		"a session with one of old": {func(w *world) string { return with(w, user(w, code(now)), now.Add(time.Minute), "", "") }, untrusted},
		"a session of old with a code": {func(w *world) string {
			later := now.Add(time.Minute)
			return with(w, user(w, code(now)), later, aliceMFA, code(later))
		}, ""},
		"a session without, with a code": {func(w *world) string { return with(w, user(w, ""), now, aliceMFA, code(now)) }, ""},
		"a role's session with a code": {func(w *world) string {
			app := w.become(w.user(aliceKey), assumption(nextARN))
			return with(w, app, now, aliceMFA, code(now))
		}, device},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, f.with(files{a + "roles/next.trust.json": trust(accountA)}))
			if got := tt.ask(w); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestMFAInSessions looks for a second factor in sessions: it is known of those of
// GetSessionToken, and a role's session never says that there was one, however its
// caller was authenticated.
func TestMFAInSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withDevice)
	alice := w.user(aliceKey)
	issue := func(serial, code string) caller {
		c, r := w.sessions.IssueSessionToken(w.snap, alice.caller, aliceKey, &session.TokenQuestion{SerialNumber: serial, TokenCode: code}, now)
		if r != nil {
			t.Fatal(r)
		}
		return w.open(c)
	}
	ask := assumption(appARN)
	ask.SerialNumber, ask.TokenCode = aliceMFA, code(now.Add(-30*time.Second))
	assumed := w.become(alice, ask)
	user := issue(aliceMFA, code(now))
	federated, r := w.sessions.IssueFederation(w.snap, alice.caller, aliceKey, &session.FederationQuestion{Name: "bob"}, now)
	if r != nil {
		t.Fatal(r)
	}
	for _, tt := range []struct {
		name, present, age string
		caller             caller
	}{
		{"a long-term key", "", "", alice},
		{"a session of the user", "false", "", issue("", "")},
		{"a session of the user with a second factor", "true", "90", user},
		{"a role's session", "false", "", w.become(alice, assumption(appARN))},
		{"a role's session with a second factor", "false", "", assumed},
		{"a role's session of a session with one", "false", "", w.become(user, assumption(appARN))},
		{"a chained session", "false", "", w.become(assumed, assumption(nextARN))},
		{"a federated user", "", "", w.open(federated)},
	} {
		keys := keysOf(&tt.caller.caller.Keys)
		if s := tt.caller.session; s != nil {
			request := tt.caller.caller.Keys.Clone()
			s.FillRequest(&request, now.Add(90*time.Second+time.Millisecond))
			keys = keysOf(&request)
			if s.MFAKnown != (tt.present != "") || s.MFA.IsZero() != (tt.age == "") {
				t.Errorf("%s: %v %v", tt.name, s.MFAKnown, s.MFA)
			}
		}
		if keys["aws:multifactorauthpresent"] != tt.present || keys["aws:multifactorauthage"] != tt.age {
			t.Errorf("%s: present %q, age %q", tt.name, keys["aws:multifactorauthpresent"], keys["aws:multifactorauthage"])
		}
	}
}
