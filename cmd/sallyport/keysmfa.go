package main

import (
	"cmp"
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

// KeysMFACmd is about the MFA devices of key files.
type KeysMFACmd struct {
	Create KeysMFACreateCmd `cmd:"" help:"Make a virtual MFA device for a user and add it to a key file."`
	List   KeysMFAListCmd   `cmd:"" help:"List the MFA devices of a key file, without seeds."`
}

// KeysMFACreateCmd makes an MFA device.
type KeysMFACreateCmd struct {
	Format
	File    string `short:"f" required:"" placeholder:"FILE" help:"Key file; made, with mode 0600, if it is not there."`
	Account string `short:"a" required:"" placeholder:"ID" help:"Account of the user: 12 digits."`
	User    string `short:"u" required:"" placeholder:"NAME" help:"Name of the user."`
	Serial  string `placeholder:"NAME" help:"Name of the device, the last part of its serial number; the user's name if none is given."`
}

// Help shows an example.
func (KeysMFACreateCmd) Help() string {
	return `The seed is printed once, here, and as a URI that authenticators read from a QR code. A user has at most eight devices.
A session token or a role is then asked for with --serial-number and --token-code, which makes aws:MultiFactorAuthPresent true.

Example:

    sallyport keys mfa create --file keys.yaml --account 111122223333 --user alice
`
}

// createdDevice is what keys mfa create prints.
type createdDevice struct {
	Serial  string `json:"serial"`
	Account string `json:"account"`
	User    string `json:"user"`
	Seed    string `json:"seed"`
	URI     string `json:"uri"`
}

// Run makes the device and prints it.
func (c *KeysMFACreateCmd) Run(console *Console) error {
	d, err := bundle.CreateMFADevice(c.File, c.Account, c.User, cmp.Or(c.Serial, c.User), time.Now())
	if err != nil {
		return err
	}
	err = console.Print(c.Format, createdDevice{d.Serial, d.Account, d.User, d.Base32(), d.URI()}, nil,
		[][]string{{"SERIAL", d.Serial}, {"SEED", d.Base32()}, {"URI", d.URI()}})
	if err != nil {
		return withHint(fmt.Errorf("the device %s is made and could not be printed: %w", d.Serial, err), "remove it from "+c.File+", or read its seed there")
	}
	return nil
}

// KeysMFAListCmd lists the MFA devices of a key file.
type KeysMFAListCmd struct {
	Format
	File string `short:"f" required:"" placeholder:"FILE" help:"Key file."`
}

// Help shows an example.
func (KeysMFAListCmd) Help() string {
	return `Whether the users exist is for the bundle to say: see sallyport bundle check --keys.

Example:

    sallyport keys mfa list --file keys.yaml
`
}

// listedDevice is a line of keys mfa list.
type listedDevice struct {
	Serial  string `json:"serial"`
	Account string `json:"account"`
	User    string `json:"user"`
}

// Run prints the devices, or what is wrong with the file.
func (c *KeysMFAListCmd) Run(console *Console) error {
	devices, findings := bundle.ReadMFADevices(c.File)
	if policy.HasErrors(findings) {
		for _, f := range findings {
			_, _ = fmt.Fprintln(console.Err, f)
		}
		return errFindings
	}
	listed := make([]listedDevice, len(devices))
	rows := make([][]string, len(devices))
	for i, d := range devices {
		listed[i] = listedDevice{d.Serial, d.Account, d.User}
		rows[i] = []string{d.Serial, d.Account, d.User}
	}
	return console.Print(c.Format, listed, []string{"SERIAL", "ACCOUNT", "USER"}, rows)
}
