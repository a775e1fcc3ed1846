package bundle_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
)

// device is an MFA device of a key file, as a mapping in braces.
const device = `{serial: "arn:aws:iam::111122223333:mfa/alice", account: "111122223333", user: alice, seed: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ}`

func TestMFADevice(t *testing.T) {
	t.Parallel()
	s := small.with(files{"keys-mfa.yaml": "mfa_devices:\n  - " + device + "\n"}).mustLoad(t)
	d := s.MFADevice("arn:aws:iam::111122223333:mfa/alice")
	if d == nil || d.Account != account || d.User != "alice" || d.Seed.Reveal() != "12345678901234567890" {
		t.Fatalf("the device is %+v", d)
	}
	if text := fmt.Sprintf("%+v", *d); strings.Contains(text, "1234567890123") {
		t.Errorf("it prints as %s", text)
	}
	if s.MFADevice("arn:aws:iam::111122223333:mfa/bob") != nil || s.MFADevice("") != nil {
		t.Error("there is a device that nobody declared")
	}
	if n := s.Counts().MFADevices; n != 1 {
		t.Errorf("%d devices", n)
	}
}

// TestCreateMFADevice adds devices to key files as they are written; what they held
// stays as it was.
func TestCreateMFADevice(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	key := strings.TrimPrefix(keyLine(accessKey, "alice"), "keys:\n")
	tests := []struct {
		name, before string
		// keep is what must stand in the file still.
		keep string
	}{
		{"no file", "", "# Access keys:"},
		{"keys alone", "# ours\nkeys:\n" + key, "# ours\nkeys:\n" + key},
		{"without a line end", "keys:\n" + strings.TrimSuffix(key, "\n"), "keys:\n" + key},
		{"keys behind", "mfa_devices:\n  - " + device + "\n\n# the keys\nkeys:\n" + key, "\n\n# the keys\nkeys:\n" + key},
		{"no devices yet", "mfa_devices: []\nkeys:\n" + key, "\nkeys:\n" + key},
		{"nothing yet", "mfa_devices:\nkeys: []\n", "\nkeys:\n"},
		{"devices last", "keys:\n" + key + "mfa_devices:\n    - " + device + "\n", "    - " + device + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			file := filepath.Join(directory, "keys.yaml")
			if tt.before != "" {
				files{"keys.yaml": tt.before}.write(t, directory)
			}
			before, _ := bundle.ReadMFADevices(file)
			d, err := bundle.CreateMFADevice(file, account, "alice", "phone", now)
			if err != nil {
				t.Fatal(err)
			}
			key := create(t, file, "alice")
			after, findings := bundle.ReadMFADevices(file)
			if len(findings) > 0 || len(after) != len(before)+1 || after[len(after)-1].Serial != "arn:aws:iam::111122223333:mfa/phone" || !after[0].Seed.IsEmpty() {
				t.Errorf("before %v, after %v: %v", before, after, findings)
			}
			text := read(t, file)
			if !strings.Contains(text, tt.keep) || !strings.Contains(text, d.Base32()) || len(d.Base32()) != 32 {
				t.Errorf("the file is\n%s", text)
			}
			if want := "otpauth://totp/Sallyport:alice@111122223333?secret=" + d.Base32() + "&issuer=Sallyport&algorithm=SHA1&digits=6&period=30"; d.URI() != want {
				t.Errorf("URI %s, want %s", d.URI(), want)
			}
			small.with(files{"keys.yaml": text}).mustLoad(t)
			if _, _, ok, _ := bundle.ReadSecret(file, key.AccessKeyID); !ok {
				t.Error("the key that was added after it is not there")
			}
		})
	}
}

func TestCreateMFADeviceRefuses(t *testing.T) {
	t.Parallel()
	eight := "mfa_devices:\n"
	for i := range 8 {
		eight += strings.Replace("  - "+device+"\n", "mfa/alice", fmt.Sprintf("mfa/alice%d", i), 1)
	}
	for _, tt := range []struct{ name, before, account, user, device, want string }{
		{"account", "keys: []\n", "1", "alice", "phone", "12 digits"},
		{"user", "keys: []\n", account, "al ice", "phone", "name of the user"},
		{"device", "keys: []\n", account, "alice", "my phone", "name of the device"},
		{"no name", "keys: []\n", account, "alice", "", "is empty"},
		{"twice", "mfa_devices:\n  - " + device + "\n", account, "alice", "alice", "another name"},
		{"eight", eight, account, "alice", "phone", "limit"},
		{"brackets", "mfa_devices: [" + device + "]\n", account, "alice", "phone", "list in brackets"},
		{"broken", "mfa_devices: [\n", account, "alice", "phone", "left as it is"},
		{"in braces", "{keys: []}\n", account, "alice", "phone", "as it is written"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			files{"keys.yaml": tt.before}.write(t, directory)
			file := filepath.Join(directory, "keys.yaml")
			if _, err := bundle.CreateMFADevice(file, tt.account, tt.user, tt.device, time.Now()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one of %q", err, tt.want)
			}
			if read(t, file) != tt.before {
				t.Error("the file has changed")
			}
		})
	}
}
