package bundle_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/bundle"
)

// TestPrincipals: a replica has the keys of those it serves alone.
func TestPrincipals(t *testing.T) {
	t.Parallel()
	const (
		other  = "444455556666"
		bobs   = "AKIABOBEXAMPLE"
		carols = "AKIACAROLEXAMPLE"
	)
	f := small.with(files{
		"bundle/bundle.yaml":                            "accounts: {\"111122223333\": {}, \"444455556666\": {}}\nbuckets: [{name: \"*\", account: \"111122223333\"}]\n",
		"bundle/accounts/111122223333/users/bob.yaml":   "id: AIDABOBEXAMPLE2222222\npath: /team/\n",
		"bundle/accounts/444455556666/users/carol.yaml": "id: AIDACAROLEXAMPLE22222\n",
		"keys-bob.yaml":                                 keyLine(bobs, "bob") + "mfa_devices:\n  - " + strings.Replace(strings.Replace(device, "mfa/alice", "mfa/bob", 1), "user: alice", "user: bob", 1) + "\n",
		"keys-carol.yaml":                               strings.Replace(keyLine(carols, "carol"), account, other, 1),
	})
	for _, tt := range []struct {
		name       string
		principals []string
		keys       []string
		warnings   int
	}{
		{"all", nil, []string{accessKey, bobs, carols}, 0},
		{"a user", []string{"arn:aws:iam::111122223333:user/team/bob"}, []string{bobs}, 0},
		{"an account", []string{account}, []string{accessKey, bobs}, 0},
		{"both", []string{other, "arn:aws:iam::111122223333:user/alice"}, []string{accessKey, carols}, 0},
		{"nobody", []string{"arn:aws:iam::111122223333:user/bob"}, nil, 1},
		{"a name", []string{"bob", "777788889999"}, nil, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			f.write(t, directory)
			o := options(t, directory)
			o.Principals = tt.principals
			s, findings := bundle.Load(o)
			if s == nil || len(findings) != tt.warnings {
				t.Fatalf("%v", findings)
			}
			var got []string
			for _, key := range []string{accessKey, bobs, carols} {
				if _, ok := s.Credential(key); ok {
					got = append(got, key)
				}
				if _, ok := s.AccountOfKey(key); !ok || !s.KeyIsActive(key) {
					t.Errorf("nothing is known of %s", key)
				}
			}
			if held := s.MFADevice("arn:aws:iam::111122223333:mfa/bob") != nil; held != slices.Contains(tt.keys, bobs) {
				t.Errorf("the seed of bob's device is held: %t", held)
			}
			if strings.Join(got, " ") != strings.Join(tt.keys, " ") || s.Counts().Keys != len(tt.keys) {
				t.Errorf("got %v, want %v", got, tt.keys)
			}
		})
	}
}
