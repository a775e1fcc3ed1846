package main

import (
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

// KeysCmd is about key files.
type KeysCmd struct {
	Create KeysCreateCmd `cmd:"" help:"Make an access key for a user and add it to a key file."`
	List   KeysListCmd   `cmd:"" help:"List the access keys of a key file, without secrets."`
	MFA    KeysMFACmd    `cmd:"" name:"mfa" help:"Make and list MFA devices."`
}

// KeysCreateCmd makes an access key.
type KeysCreateCmd struct {
	Format
	File    string `short:"f" required:"" placeholder:"FILE" help:"Key file; made, with mode 0600, if it is not there."`
	Account string `short:"a" required:"" placeholder:"ID" help:"Account of the user: 12 digits."`
	User    string `short:"u" required:"" placeholder:"NAME" help:"Name of the user."`
}

// Help shows an example.
func (KeysCreateCmd) Help() string {
	return `The secret is printed once, here. A user has at most two keys, active or not: to rotate one, create the second, move the clients over, and remove the first from the file.
A running Sallyport notices the new key by itself.

Example:

    sallyport keys create --file keys.yaml --account 111122223333 --user alice
`
}

// createdKey is what keys create prints.
type createdKey struct {
	AccessKeyID     string    `json:"access_key_id"`
	SecretAccessKey string    `json:"secret_access_key"`
	Account         string    `json:"account"`
	User            string    `json:"user"`
	Created         time.Time `json:"created"`
}

// Run makes the key and prints it.
func (c *KeysCreateCmd) Run(console *Console) error {
	key, value, err := bundle.CreateKey(c.File, c.Account, c.User, time.Now())
	if err != nil {
		return err
	}
	created := createdKey{key.AccessKeyID, value.Reveal(), key.Account, key.User, key.Created}
	err = console.Print(c.Format, created,
		[]string{"ACCESS KEY ID", "SECRET ACCESS KEY", "ACCOUNT", "USER"},
		[][]string{{created.AccessKeyID, created.SecretAccessKey, created.Account, created.User}})
	if err != nil {
		return withHint(fmt.Errorf("the key %s is made and could not be printed: %w", key.AccessKeyID, err), "remove it from "+c.File+", or read its secret there")
	}
	return nil
}

// KeysListCmd lists a key file.
type KeysListCmd struct {
	Format
	File string `short:"f" required:"" placeholder:"FILE" help:"Key file."`
}

// Help shows an example.
func (KeysListCmd) Help() string {
	return `Whether the users exist is for the bundle to say: see sallyport bundle check --keys.

Example:

    sallyport keys list --file keys.yaml -o json
`
}

// Run prints the keys, or what is wrong with the file.
func (c *KeysListCmd) Run(console *Console) error {
	keys, findings := bundle.ReadKeys(c.File)
	if policy.HasErrors(findings) {
		for _, f := range findings {
			_, _ = fmt.Fprintln(console.Err, f)
		}
		return errFindings
	}
	rows := make([][]string, len(keys))
	for i, k := range keys {
		rows[i] = []string{k.AccessKeyID, k.Account, k.User, k.Status, moment(k.Created)}
	}
	return console.Print(c.Format, keys, []string{"ACCESS KEY ID", "ACCOUNT", "USER", "STATUS", "CREATED"}, rows)
}
