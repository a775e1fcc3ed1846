package session_test

import (
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/action"
)

// TestTrust are the cases X01 to X08 of who may assume a role.
func TestTrust(t *testing.T) {
	t.Parallel()
	tags := &action.Assumption{Tags: []action.Tag{{Key: "cost", Value: "7"}}}
	identity := &action.Assumption{SourceIdentity: "alice"}
	for name, tt := range map[string]struct {
		files files
		ask   *action.Assumption
		by    string
		want  string // "" allows; else what the refusal says
	}{
		"X01 account trust only delegates": {
			files{a + "users/alice/all.json": ""}, nil, aliceKey,
			"User: " + aliceARN + " is not authorized to perform: sts:AssumeRole on resource: " + appARN + " because no identity-based policy allows the sts:AssumeRole action",
		},
		"X02 direct trust": {files{a + "users/alice/all.json": "", a + "roles/app.trust.json": trust(aliceARN)}, nil, aliceKey, ""},
		"X03 the boundary counts": {
			files{
				a + "users/alice/all.json": "", a + "roles/app.trust.json": trust(aliceARN),
				a + "policies/s3.json": policy(allow("s3:*", "*")),
				a + "users/alice.yaml": "id: AIDAALICEEXAMPLE22222\nboundary: arn:aws:iam::" + accountA + ":policy/s3\n",
			}, nil, aliceKey,
			"User: " + aliceARN + " is not authorized to perform: sts:AssumeRole on resource: " + appARN + " because no permissions boundary allows the sts:AssumeRole action",
		},
		"X04 another principal is trusted": {
			files{a + "roles/app.trust.json": policy(trusts(`"Service": "ec2.amazonaws.com"`, `"sts:AssumeRole"`, ""))}, nil, aliceKey,
			"User: " + aliceARN + " is not authorized to perform: sts:AssumeRole on resource: " + appARN + " because no role trust policy allows the sts:AssumeRole action",
		},
		"X07 without an external id": {files{a + "roles/app.trust.json": externalID}, nil, aliceKey, notTrusted("sts:AssumeRole")},
		"X07 with it":                {files{a + "roles/app.trust.json": externalID}, &action.Assumption{ExternalID: "ee"}, aliceKey, ""},
		"X07 in another case":        {files{a + "roles/app.trust.json": externalID}, &action.Assumption{ExternalID: "eE"}, aliceKey, notTrusted("sts:AssumeRole")},
		"X08 tags need TagSession":   {files{a + "roles/app.trust.json": policy(trusts(`"AWS": "`+accountA+`"`, `"sts:AssumeRole"`, ""))}, tags, aliceKey, notTrusted("sts:TagSession")},
		"tags with TagSession":       {nil, tags, aliceKey, ""},
		"source identities need SetSourceIdentity": {
			files{a + "roles/app.trust.json": policy(trusts(`"AWS": "`+accountA+`"`, `["sts:AssumeRole", "sts:TagSession"]`, ""))}, identity, aliceKey, notTrusted("sts:SetSourceIdentity"),
		},
		"source identities with it": {nil, identity, aliceKey, ""},
		"a tag that the trust policy asks for": {
			files{a + "roles/app.trust.json": policy(trusts(`"AWS": "`+accountA+`"`, `["sts:AssumeRole", "sts:TagSession"]`, `"StringEquals": {"aws:RequestTag/Cost": "7"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["cost"]}`))}, tags, aliceKey, "",
		},
		"a tag of the role": {
			files{a + "users/alice/all.json": policy(`{"Effect": "Allow", "Action": "sts:*", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "a", "iam:ResourceTag/cost": "1"}}}`)}, nil, aliceKey, "",
		},
		"another tag of the role": {
			files{a + "users/alice/all.json": policy(`{"Effect": "Allow", "Action": "sts:*", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}}`)}, nil, aliceKey,
			"User: " + aliceARN + " is not authorized to perform: sts:AssumeRole on resource: " + appARN + " because no identity-based policy allows the sts:AssumeRole action",
		},
		"a session name that the trust policy asks for": {
			files{a + "roles/app.trust.json": policy(trusts(`"AWS": "`+accountA+`"`, `"sts:AssumeRole"`, `"StringLike": {"sts:RoleSessionName": "${aws:username}"}`))}, &action.Assumption{SessionName: "alice"}, aliceKey, "",
		},
		"another session name": {
			files{a + "roles/app.trust.json": policy(trusts(`"AWS": "`+accountA+`"`, `"sts:AssumeRole"`, `"StringLike": {"sts:RoleSessionName": "${aws:username}"}`))}, &action.Assumption{SessionName: "bob"}, aliceKey, notTrusted("sts:AssumeRole"),
		},
		"across accounts": {files{a + "roles/app.trust.json": trust(accountB)}, nil, carolKey, ""},
		"across accounts without the caller's side": {
			files{a + "roles/app.trust.json": trust("arn:aws:iam::" + accountB + ":user/carol"), b + "users/carol/all.json": ""}, nil, carolKey,
			"User: arn:aws:iam::" + accountB + ":user/carol is not authorized to perform: sts:AssumeRole on resource: " + appARN + " because no identity-based policy allows the sts:AssumeRole action",
		},
		"across accounts without the role's side": {
			nil, nil, carolKey, "User: arn:aws:iam::" + accountB + ":user/carol is not authorized to perform: sts:AssumeRole on resource: " + appARN,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, base.with(tt.files))
			ask := assumption(appARN)
			if tt.ask != nil {
				own := *tt.ask
				own.Action, own.RoleARN = ask.Action, ask.RoleARN
				if own.SessionName == "" {
					own.SessionName = "s1"
				}
				ask = &own
			}
			_, r := w.may(w.user(tt.by), ask)
			switch {
			case r == nil && tt.want != "":
				t.Error("allowed")
			case r != nil && (r.Message != tt.want || r.Code != "AccessDenied" || r.Status != 403):
				t.Errorf("got  %v\nwant %s", r, tt.want)
			}
		})
	}
}

var externalID = policy(trusts(`"AWS": "`+accountA+`"`, `"sts:AssumeRole"`, `"StringEquals": {"sts:ExternalId": "ee"}`))

func notTrusted(action string) string {
	return "User: " + aliceARN + " is not authorized to perform: " + action + " on resource: " + appARN + " because no role trust policy allows the " + action + " action"
}

// TestUnknownRole answers for a role that is not there as for one that trusts
// others.
func TestUnknownRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base.with(files{a + "roles/app.trust.json": policy(trusts(`"Service": "ec2.amazonaws.com"`, `"sts:AssumeRole"`, ""))}))
	for _, key := range []string{aliceKey, daveKey, carolKey} {
		ask := assumption(appARN)
		ask.Duration = 12 * time.Hour // longer than the role permits
		ask.PolicyARNs = []string{"arn:aws:iam::" + accountA + ":policy/none"}
		_, there := w.may(w.user(key), ask)
		ask.RoleARN = "arn:aws:iam::" + accountA + ":role/svc/apq"
		_, missing := w.may(w.user(key), ask)
		if there == nil || missing == nil {
			t.Fatal("allowed")
		}
		if len(there.Message) != len(missing.Message) || there.Code != missing.Code || there.Status != missing.Status {
			t.Errorf("%v and %v", there, missing)
		}
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, base)
	alice := w.user(aliceKey)
	session := w.become(alice, assumption(appARN))
	long := func(n int) string { return string(make([]byte, n)) }
	for name, tt := range map[string]struct {
		by   caller
		ask  action.Assumption
		want string // the code; "" is none
	}{
		"plain":                           {alice, action.Assumption{}, ""},
		"the longest":                     {alice, action.Assumption{Duration: 2 * time.Hour}, ""},
		"longer than the role permits":    {alice, action.Assumption{Duration: 2*time.Hour + time.Second}, "ValidationError"},
		"the shortest":                    {alice, action.Assumption{Duration: 15 * time.Minute}, ""},
		"too short":                       {alice, action.Assumption{Duration: 15*time.Minute - time.Second}, "ValidationError"},
		"negative":                        {alice, action.Assumption{Duration: -time.Hour}, "ValidationError"},
		"X37 chained and too long":        {session, action.Assumption{Duration: 2 * time.Hour}, "ValidationError"},
		"chained":                         {session, action.Assumption{Duration: time.Hour}, ""},
		"no role":                         {alice, action.Assumption{RoleARN: "arn:aws:iam::" + accountA + ":user/alice"}, "ValidationError"},
		"no account":                      {alice, action.Assumption{RoleARN: "arn:aws:iam::1:role/app"}, "ValidationError"},
		"no name of a session":            {alice, action.Assumption{SessionName: "a b"}, "ValidationError"},
		"short name":                      {alice, action.Assumption{SessionName: "a"}, "ValidationError"},
		"bad external id":                 {alice, action.Assumption{ExternalID: "a b"}, "ValidationError"},
		"bad source identity":             {alice, action.Assumption{SourceIdentity: "aws:x"}, "ValidationError"},
		"bad tag":                         {alice, action.Assumption{Tags: []action.Tag{{Key: "aws:x"}}}, "ValidationError"},
		"managed policy":                  {alice, action.Assumption{PolicyARNs: []string{"arn:aws:iam::" + accountA + ":policy/readers"}}, ""},
		"managed policy of nobody":        {alice, action.Assumption{PolicyARNs: []string{"arn:aws:iam::" + accountA + ":policy/none"}}, "InvalidParameterValue"},
		"managed policy of another":       {alice, action.Assumption{PolicyARNs: []string{"arn:aws:iam::" + accountB + ":policy/readers"}}, "InvalidParameterValue"},
		"managed policy twice":            {alice, action.Assumption{PolicyARNs: []string{"arn:aws:iam::aws:policy/x", "arn:aws:iam::aws:policy/x"}}, "ValidationError"},
		"eleven managed policies":         {alice, action.Assumption{PolicyARNs: make([]string, 11)}, "ValidationError"},
		"policy":                          {alice, action.Assumption{Policy: policy(allow("s3:*", "*"))}, ""},
		"policy with a syntax error":      {alice, action.Assumption{Policy: "{"}, "MalformedPolicyDocument"},
		"policy with a principal":         {alice, action.Assumption{Policy: trust(accountA)}, "MalformedPolicyDocument"},
		"policy with an unknown operator": {alice, action.Assumption{Policy: policy(deny("*", `"StringEqual": {"aws:username": "x"}`))}, "MalformedPolicyDocument"},
		"policy with other characters":    {alice, action.Assumption{Policy: policy(allow("s3:*", "arn:aws:s3:::\u4e00"))}, "MalformedPolicyDocument"},
		"policy that is too long":         {alice, action.Assumption{Policy: long(2049)}, "ValidationError"},
		"serial number alone":             {alice, action.Assumption{SerialNumber: "arn:aws:iam::" + accountA + ":mfa/alice"}, "AccessDenied"},
		"code alone":                      {alice, action.Assumption{TokenCode: "123456"}, "AccessDenied"},
		"unknown device":                  {alice, action.Assumption{SerialNumber: "arn:aws:iam::" + accountA + ":mfa/none", TokenCode: "123456"}, "AccessDenied"},
		"another action":                  {alice, action.Assumption{Action: "sts:AssumeRoleWithWebIdentity"}, "AccessDenied"},
		"no action":                       {alice, action.Assumption{Action: "-"}, "AccessDenied"},
	} {
		ask := tt.ask
		if ask.Action == "" {
			ask.Action = "sts:AssumeRole"
		}
		if ask.RoleARN == "" {
			ask.RoleARN = appARN
		}
		if ask.SessionName == "" {
			ask.SessionName = "s1"
		}
		_, r := w.may(tt.by, &ask)
		if code := codeOf(r); code != tt.want {
			t.Errorf("%s: %v, want %q", name, r, tt.want)
		}
	}
}
