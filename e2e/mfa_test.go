//go:build unix

package e2e_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// TestMFA: a code of the device is shown once; what is for those who showed one is
// for the sessions that come of it, and no others.
func TestMFA(t *testing.T) {
	t.Parallel()
	f := federate(t, withDevice(t))
	put(t, f.bucket, "vault/a", "a secret")
	operator := f.asOperator()
	code1, code2 := totp(0), totp(1)
	get := func(serial, shown string) (*types.Credentials, error) {
		out, err := operator.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{SerialNumber: &serial, TokenCode: &shown})
		if err != nil {
			return nil, err
		}
		return out.Credentials, nil
	}
	wrong := "000000"
	for wrong == code1 || wrong == code2 || wrong == totp(-1) {
		wrong = "111111"
	}
	if _, err := get(mfaDevice, wrong); code(err) != "AccessDenied" {
		t.Errorf("a wrong code: %v", err)
	}
	if _, err := get(mfaDevice+"x", code1); code(err) != "AccessDenied" {
		t.Errorf("another's device: %v", err)
	}
	session, err := get(mfaDevice, code1)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.reads(t, temporary(session), "vault/a"); got != "a secret" {
		t.Errorf("with a second factor: %s", got)
	}
	if _, err := get(mfaDevice, code1); code(err) != "AccessDenied" {
		t.Errorf("a code shown twice: %v", err)
	}
	out, err := f.with(session).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(roleARN("guarded")), RoleSessionName: aws.String("s1")})
	if err != nil {
		t.Errorf("a role for those with a second factor, by a session: %v", err)
	} else if got := f.reads(t, temporary(out.Credentials), "vault/a"); got != "a secret" {
		t.Errorf("in that role: %s", got)
	}
	if _, err := operator.AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String(roleARN("guarded")), RoleSessionName: aws.String("s1"), SerialNumber: aws.String(mfaDevice), TokenCode: &code2,
	}); err != nil {
		t.Errorf("a role for those with a second factor, with the code: %v", err)
	}
	plain, err := operator.GetSessionToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.reads(t, temporary(plain.Credentials), "vault/a"); got != "AccessDenied" {
		t.Errorf("a session without a second factor: %s", got)
	}
	if got := f.reads(t, static(f.operator), "vault/a"); got != "AccessDenied" {
		t.Errorf("the key itself: %s", got)
	}
}
