package proxy_test

import (
	"crypto/hmac"
	"crypto/sha1" // what RFC 6238 asks for
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestSecondFactor decides by the age of a second factor, which moves with the clock
// while the session and the decisions are remembered.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	const (
		seed   = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		serial = "arn:aws:iam::111122223333:mfa/ann"
		recent = `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "sts:GetFederationToken"], "Resource": "*"},
  {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/guarded/*", "Condition": {"NumericGreaterThanIfExists": {"aws:MultiFactorAuthAge": "600"}}},
  {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/guarded/*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
  {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/guarded/*", "Condition": {"Null": {"aws:MultiFactorAuthPresent": "true"}}}]}`
	)
	f.activate(func() {
		f.write("keys.yaml", fmt.Sprintf("mfa_devices:\n  - {serial: %q, account: %q, user: ann, seed: %s}\nkeys:\n  - {access_key_id: %s, secret_access_key: %s, account: %q, user: ann, status: Active}\n", serial, fortAccount, seed, keyOf("ann"), secretKey, fortAccount))
		f.write("bundle/accounts/111122223333/users/ann/own.json", recent)
	})
	with := f.issued(f.call(longTerm("ann"), "Action", "GetSessionToken", "SerialNumber", serial, "TokenCode", oneTime(t, seed, f.clock())))
	without := f.issued(f.call(longTerm("ann"), "Action", "GetSessionToken"))
	role := f.assume(with)
	for name, tt := range map[string]struct {
		by   pair
		want int
	}{"with a second factor": {with, 200}, "without one": {without, 403}, "a long-term key": {longTerm("ann"), 403}} {
		for range 2 {
			if got := f.read(tt.by, "guarded/a"); got.status != tt.want {
				t.Errorf("%s: %d %s", name, got.status, got.body)
			}
		}
	}
	if got := f.read(role, "guarded/a"); got.status != 200 {
		t.Errorf("a role, of which the user's policies are not: %d", got.status)
	}
	f.pass(10 * time.Minute)
	if got := f.read(with, "guarded/a"); got.status != 200 {
		t.Errorf("after ten minutes: %d %s", got.status, got.body)
	}
	f.pass(time.Second)
	if got := f.read(with, "guarded/a"); got.status != 403 || !strings.Contains(got.body, "explicit deny") {
		t.Errorf("a second later: %d %s", got.status, got.body)
	}
	if got := f.read(with, "a"); got.status != 200 {
		t.Errorf("where it does not matter: %d", got.status)
	}
}

// oneTime is the code of a device at a time.
func oneTime(t *testing.T, seed string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(seed)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[offset:])&0x7fffffff)%1e6)
}
