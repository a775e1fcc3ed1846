package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

// SessionsCmd is about the keys of temporary credentials.
type SessionsCmd struct {
	Keygen SessionsKeygenCmd `cmd:"" help:"Make the keys of temporary credentials, in a new file."`
	Rotate SessionsRotateCmd `cmd:"" help:"Replace the keys, without ending a session."`
	Export SessionsExportCmd `cmd:"" help:"Write a file for replicas that open sessions and cannot make any."`
	Trust  SessionsTrustCmd  `cmd:"" help:"Make the sessions of another issuer genuine."`
	Prune  SessionsPruneCmd  `cmd:"" help:"Remove retired keys."`
	List   SessionsListCmd   `cmd:"" help:"List the keys of a session key file, without secrets."`
}

// SessionsKeygenCmd makes a session key file.
type SessionsKeygenCmd struct {
	Format
	File string `short:"f" required:"" placeholder:"FILE" help:"Session key file to make, with mode 0600."`
	Join string `placeholder:"FILE" help:"Session key file, or export of one, of the deployment that this issuer joins."`
}

// Help shows an example.
func (SessionsKeygenCmd) Help() string {
	return `The file gets the id of a new deployment, a key that seals tokens, and a key that signs them. Name it in the configuration under sessions, keys: without it there are no temporary credentials.
A second issuer joins a deployment: it gets the sealing keys of the first one and a signing key of its own, which the first one must trust (see sallyport sessions trust).

Example:

    sallyport sessions keygen --file sessions.yaml
`
}

// Run makes the file and lists its keys.
func (c *SessionsKeygenCmd) Run(console *Console) error {
	now := time.Now()
	var err error
	if c.Join == "" {
		err = bundle.CreateSessionKeys(c.File, now)
	} else {
		err = bundle.JoinSessionKeys(c.File, c.Join, now)
	}
	if err != nil {
		return err
	}
	return printSessionKeys(console, c.Format, c.File, now)
}

// SessionsRotateCmd takes a step of a rotation.
type SessionsRotateCmd struct {
	Format
	File string `short:"f" required:"" placeholder:"FILE" help:"Session key file of an issuer."`
	Next bool   `xor:"step" help:"Make the next keys, which open and verify but do not seal or sign yet."`
	Now  bool   `xor:"step" help:"Make keys and use them at once: only where one process alone has the file."`
}

// Help shows an example.
func (SessionsRotateCmd) Help() string {
	return `A key must be known to everybody who opens tokens before it seals or signs one. So a rotation has two steps: first --next, and the file goes to every issuer and, exported, to every replica; then, when they all have it, without --next.
The keys that were active are retired: they go on opening what they made. After 37 hours, when the last of these sessions has ended, sallyport sessions prune removes them, and so does the next rotation.

Example:

    sallyport sessions rotate --file sessions.yaml --next
    sallyport sessions export --file sessions.yaml --out replica.yaml
    sallyport sessions rotate --file sessions.yaml
`
}

// Run takes the step and lists the keys.
func (c *SessionsRotateCmd) Run(console *Console) error {
	step := bundle.ActivateNext
	switch {
	case c.Next:
		step = bundle.PrepareNext
	case c.Now:
		step = bundle.RotateNow
	}
	now := time.Now()
	_, err := bundle.RotateSessionKeys(c.File, step, now)
	switch {
	case errors.Is(err, bundle.ErrNothingNext):
		return withHint(err, "run `sallyport sessions rotate --file "+c.File+" --next` and give the file to all that use it, then this again",
			"where one process alone has the file, use --now")
	case err != nil:
		return err
	}
	return printSessionKeys(console, c.Format, c.File, now)
}

// SessionsExportCmd writes a file without private keys.
type SessionsExportCmd struct {
	Format
	File string `short:"f" required:"" placeholder:"FILE" help:"Session key file to export."`
	Out  string `required:"" placeholder:"FILE" help:"File to write, with mode 0600. An earlier export is replaced."`
}

// Help shows an example.
func (SessionsExportCmd) Help() string {
	return `A replica with the exported file opens the sessions of the issuers, and STS is off at it. The file is a secret all the same: with it tokens can be read.

Example:

    sallyport sessions export --file sessions.yaml --out replica.yaml
`
}

// Run writes the file and lists its keys.
func (c *SessionsExportCmd) Run(console *Console) error {
	if _, err := bundle.ExportSessionKeys(c.File, c.Out); err != nil {
		return err
	}
	return printSessionKeys(console, c.Format, c.Out, time.Now())
}

// SessionsTrustCmd takes over the public keys of another issuer.
type SessionsTrustCmd struct {
	Format
	File string `short:"f" required:"" placeholder:"FILE" help:"Session key file that is to trust."`
	From string `required:"" placeholder:"FILE" help:"Session key file of the other issuer, or better an export of it."`
}

// Help shows an example.
func (SessionsTrustCmd) Help() string {
	return `Both files are of one deployment. Whoever the other issuer trusts is trusted, too, and sealing keys that are not known yet are taken over.
Do it again whenever the other issuer has prepared a rotation.

Example:

    sallyport sessions trust --file sessions.yaml --from other.yaml
`
}

// Run changes the file and lists its keys.
func (c *SessionsTrustCmd) Run(console *Console) error {
	if _, err := bundle.TrustSessionKeys(c.File, c.From); err != nil {
		return err
	}
	return printSessionKeys(console, c.Format, c.File, time.Now())
}

// SessionsPruneCmd removes retired keys.
type SessionsPruneCmd struct {
	Format
	File string `short:"f" required:"" placeholder:"FILE" help:"Session key file."`
	All  bool   `help:"Remove every retired key at once. The sessions that it made end."`
}

// Help shows an example.
func (SessionsPruneCmd) Help() string {
	return `Without --all only keys go that were retired more than 37 hours ago, of which no session is left. With --all a key that has become known to others is of no use to them any more.

Example:

    sallyport sessions prune --file sessions.yaml
`
}

// Run changes the file and lists its keys.
func (c *SessionsPruneCmd) Run(console *Console) error {
	now := time.Now()
	if _, err := bundle.PruneSessionKeys(c.File, c.All, now); err != nil {
		return err
	}
	return printSessionKeys(console, c.Format, c.File, now)
}

// SessionsListCmd lists a session key file.
type SessionsListCmd struct {
	Format
	File string `short:"f" required:"" placeholder:"FILE" help:"Session key file."`
}

// Help shows an example.
func (SessionsListCmd) Help() string {
	return `UNTIL is when the last session of a retired key has ended.

Example:

    sallyport sessions list --file sessions.yaml -o json
`
}

// Run lists the keys, or what is wrong with the file.
func (c *SessionsListCmd) Run(console *Console) error {
	return printSessionKeys(console, c.Format, c.File, time.Now())
}

// listedSessionKeys is what the commands print.
type listedSessionKeys struct {
	Deployment string              `json:"deployment"`
	Keys       []bundle.SessionKey `json:"keys"`
}

// printSessionKeys lists a session key file, after what is wrong with it.
func printSessionKeys(console *Console, format Format, file string, now time.Time) error {
	deployment, keys, findings := bundle.ReadSessionKeys(file, now)
	for _, f := range findings {
		_, _ = fmt.Fprintln(console.Err, severe(f))
	}
	if policy.HasErrors(findings) {
		return errFindings
	}
	rows := make([][]string, len(keys))
	for i, k := range keys {
		rows[i] = []string{k.Kind, k.ID, k.Status, moment(k.Created), moment(k.Until)}
	}
	return console.Print(format, listedSessionKeys{deployment, keys}, []string{"KIND", "ID", "STATUS", "CREATED", "UNTIL"}, rows)
}

// moment is a time in a table.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.RFC3339)
}
