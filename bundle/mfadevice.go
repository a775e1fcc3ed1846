package bundle

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/secret"
)

// MFADevice is a virtual MFA device (TOTP, RFC 6238: SHA-1, 30 s, 6 digits) of a
// user.
type MFADevice struct {
	// Serial is the device's ARN.
	Serial string
	// Account and User are whose it is.
	Account, User string
	// Seed is the shared secret: the bytes themselves, not their base32.
	Seed secret.Value
}

// The bounds of MFA devices.
const (
	// maxDevices is how many a user has at most, as in AWS.
	maxDevices = 8
	// minSeed and maxSeed are in bytes. RFC 4226 wants 128 bits at least.
	minSeed, maxSeed = 16, 64
	newSeed          = 20
	maxDeviceName    = 226
)

// deviceEntry is one MFA device of a key file.
type deviceEntry struct {
	file                  string
	serial, account, user text
	seed                  secret.Value
	at                    policy.Position
}

// deviceEntry reads one device; ok is false if it has errors.
func (y *yamlFile) deviceEntry(n ast.Node) (e deviceEntry, ok bool) {
	before := len(y.findings)
	e = deviceEntry{file: y.name, at: position(n)}
	var seed text
	had := y.fields(n, "an MFA device",
		field{key: "serial", read: y.into(&e.serial, "serial")},
		field{key: "account", read: y.into(&e.account, "account")},
		field{key: "user", read: y.into(&e.user, "user")},
		field{key: "seed", read: y.into(&seed, "seed")},
		field{key: "created", read: func(n ast.Node) { y.instant(n, "created") }},
	)
	if _, mapping := n.(*ast.MappingNode); !mapping {
		return e, false
	}
	for _, key := range []string{"serial", "account", "user", "seed"} {
		if !had[key] {
			y.error(e.at, "MISSING_KEY", "the MFA device has no "+key, "add it")
		}
	}
	if e.account.value != "" && !isAccount(e.account.value) {
		y.error(e.account.at, "INVALID_ACCOUNT", "the account is not the id of one", "write 12 digits in quotes")
	} else if bad := badSerial(e.serial.value, e.account.value); e.serial.value != "" && e.account.value != "" && bad != "" {
		y.error(e.serial.at, "INVALID_SERIAL", "the serial "+bad, "write arn:aws:iam::ACCOUNT:mfa/NAME, with the account of the user")
	}
	if bad := badName(e.user.value, users.longest); e.user.value != "" && bad != "" {
		y.error(e.user.at, "INVALID_NAME", "the name of the user "+bad, "write the name of a user of the bundle")
	}
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(seed.value, "="))
	switch {
	case seed.value == "":
	case err != nil:
		y.error(seed.at, "INVALID_SEED", "the seed is not base32: A-Z and 2-7", "make devices with `sallyport keys mfa create`")
	case len(raw) < minSeed || len(raw) > maxSeed:
		y.error(seed.at, "INVALID_SEED", fmt.Sprintf("the seed is not %d to %d bytes long", minSeed, maxSeed), "make devices with `sallyport keys mfa create`")
	}
	e.seed = secret.New(string(raw))
	return e, len(y.findings) == before
}

// badSerial says what is wrong with the serial number of a device of an account.
func badSerial(serial, account string) string {
	name, ok := strings.CutPrefix(serial, "arn:aws:iam::"+account+":mfa/")
	if !ok {
		return "is not the ARN of a virtual MFA device of the account"
	}
	if bad := badName(strings.ReplaceAll(name, "/", ""), maxDeviceName); bad != "" {
		return bad
	}
	if strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || strings.Contains(name, "//") {
		return "has a path that is none"
	}
	return ""
}

// linkDevices adds the devices of a key file to a snapshot: those of users whose
// secrets are held.
func (b *builder) linkDevices(s *Snapshot, entries []deviceEntry, served served, serials map[string]bool) {
	for i := range entries {
		e := &entries[i]
		if serials[e.serial.value] {
			b.error(e.file, e.serial.at, "DUPLICATE_SERIAL", "another MFA device has this serial already", "give each device a name of its own")
			continue
		}
		serials[e.serial.value] = true
		user := b.holder(e.file, "device", e.account, e.user)
		if user == nil {
			continue
		}
		if user.devices++; user.devices == maxDevices+1 {
			b.quota(e.file, e.at, fmt.Sprintf("the user %q has more than %d MFA devices, which is AWS's limit", e.user.value, maxDevices), "remove those that are not used")
		}
		if !served.has(e.account.value, user.user.ARN) {
			continue
		}
		s.devices[e.serial.value] = &MFADevice{Serial: e.serial.value, Account: e.account.value, User: e.user.value, Seed: e.seed}
		s.counts.MFADevices++
	}
}

// ReadMFADevices reads the MFA devices of a key file, without their seeds. Findings
// never hold a secret.
func ReadMFADevices(file string) ([]MFADevice, []policy.Finding) {
	list, findings := readKeySource(file).parseList()
	devices := make([]MFADevice, len(list.devices))
	for i, e := range list.devices {
		devices[i] = MFADevice{Serial: e.serial.value, Account: e.account.value, User: e.user.value}
	}
	return devices, findings
}

// CreateMFADevice makes an MFA device for a user and adds it to a key file, as
// CreateKey adds a key. name is the last part of its serial number. The seed stands
// in the file and in the result, nowhere else.
func CreateMFADevice(file, account, user, name string, now time.Time) (MFADevice, error) {
	d := MFADevice{Serial: "arn:aws:iam::" + account + ":mfa/" + name, Account: account, User: user}
	if bad := badSerial(d.Serial, account); bad != "" {
		return MFADevice{}, fmt.Errorf("the name of the device, %q, %s", name, bad)
	}
	raw := make([]byte, newSeed)
	_, _ = rand.Read(raw) // never fails: the process ends if it would
	d.Seed = secret.New(string(raw))
	err := addToKeyFile(file, account, user, func(list keyList, text []byte) ([]byte, error) {
		n := 0
		for _, e := range list.devices {
			if e.serial.value == d.Serial {
				return nil, fmt.Errorf("key file %s has a device %s already: give this one another name", file, d.Serial)
			}
			if e.account.value == account && e.user.value == user {
				n++
			}
		}
		if n >= maxDevices {
			return nil, fmt.Errorf("user %s of account %s has %d MFA devices already, which is AWS's limit: remove one from %s first", user, account, n, file)
		}
		if err := list.devicesAt.takes(file, "serial"); err != nil {
			return nil, err
		}
		return list.devicesAt.with(text, "mfa_devices", []string{
			fmt.Sprintf("serial: %q", d.Serial),
			fmt.Sprintf("account: %q", account),
			fmt.Sprintf("user: %q", user),
			fmt.Sprintf("seed: %q", d.Base32()),
			"created: " + now.UTC().Truncate(time.Second).Format(time.RFC3339),
		}), nil
	})
	if err != nil {
		return MFADevice{}, err
	}
	return d, nil
}

// Base32 is the seed as people type it into an authenticator. It is a secret.
func (d *MFADevice) Base32() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(d.Seed.Reveal()))
}

// URI is the device as authenticators read it from a QR code. It is a secret.
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format
func (d *MFADevice) URI() string {
	const issuer = "Sallyport"
	return "otpauth://totp/" + issuer + ":" + url.PathEscape(d.User+"@"+d.Account) + "?secret=" + d.Base32() +
		"&issuer=" + issuer + "&algorithm=SHA1&digits=6&period=30"
}
