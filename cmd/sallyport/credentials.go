package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
)

// CredentialsCmd brings temporary credentials to programs.
type CredentialsCmd struct {
	Get   CredentialsGetCmd   `cmd:"" default:"withargs" help:"Get temporary credentials and print them, as credential_process wants them."`
	Serve CredentialsServeCmd `cmd:"" help:"Serve temporary credentials to the programs of one host, as a container's endpoint does."`
}

// CredentialsGetCmd gets temporary credentials and prints them.
type CredentialsGetCmd struct {
	Source credentialsSource `embed:""`
	MFA    secondFactor      `embed:""`
	Cache  string            `placeholder:"FILE" help:"Keep the credentials in a file, with mode 0600, and print them again until shortly before they expire."`
	Output string            `short:"o" enum:"json,env" default:"json" help:"Form of what is printed: json for credential_process, env for a shell to evaluate."`
}

// Help shows examples.
func (CredentialsGetCmd) Help() string {
	return `With --web-identity-token-file the call is AssumeRoleWithWebIdentity, with --role-arn alone AssumeRole, with neither GetSessionToken. The last two are made with the credentials of AWS's default chain or of --profile. If --mfa-serial is given without --token-code, the code is asked for on the terminal.
As an SDK or aws-cli runs it, in ~/.aws/config:

    [profile reports]
    credential_process = sallyport credentials --endpoint https://store.example.com --role-arn arn:aws:iam::111122223333:role/reports --profile me

Example:

    sallyport credentials get --endpoint https://store.example.com --role-arn arn:aws:iam::111122223333:role/reports --web-identity-token-file /var/run/secrets/token
`
}

// Run prints credentials, of the cache or new ones.
func (c *CredentialsGetCmd) Run(ctx context.Context, console *Console) error {
	if err := c.Source.check(); err != nil {
		return err
	}
	if err := c.MFA.check(&c.Source); err != nil {
		return err
	}
	if err := c.Source.refuseLoop(); err != nil {
		return err
	}
	if warning := c.Source.inClear(); warning != "" {
		fmt.Fprintln(console.Err, "sallyport: warning:", warning)
	}
	ask, err := c.Source.open(ctx)
	if err != nil {
		return err
	}
	question, err := ask.question(ctx, c.MFA.Serial)
	if err != nil {
		return err
	}
	if c.Cache != "" {
		kept, err := readCredentials(c.Cache, question, time.Now())
		if err != nil {
			return err
		}
		if kept != nil {
			return c.print(console, kept)
		}
	}
	code, err := c.MFA.code(ctx)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, c.Source.Timeout)
	defer cancel()
	got, err := ask.ask(bounded, "", c.MFA.Serial, code)
	if err != nil {
		return explainSTS(err, &c.Source)
	}
	if c.Cache != "" {
		if err := writeCredentials(c.Cache, question, got); err != nil {
			return err
		}
	}
	return c.print(console, got)
}

// temporary is temporary credentials.
type temporary struct {
	accessKeyID                   string
	secretAccessKey, sessionToken secret.Value
	expires                       time.Time
}

// printedCredentials is what credential_process prints; secrets are in clear.
type printedCredentials struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      time.Time
}

func (t *temporary) printed() printedCredentials {
	return printedCredentials{
		Version: 1, AccessKeyID: t.accessKeyID, Expiration: t.expires.UTC(),
		SecretAccessKey: t.secretAccessKey.Reveal(), SessionToken: t.sessionToken.Reveal(),
	}
}

func (c *CredentialsGetCmd) print(console *Console, t *temporary) error {
	if c.Output == "json" {
		encoder := json.NewEncoder(console.Out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(t.printed()) //nolint:gosec // who runs it wants the secrets
	}
	for _, variable := range [][2]string{
		{"AWS_ACCESS_KEY_ID", t.accessKeyID},
		{"AWS_SECRET_ACCESS_KEY", t.secretAccessKey.Reveal()},
		{"AWS_SESSION_TOKEN", t.sessionToken.Reveal()},
		{"AWS_CREDENTIAL_EXPIRATION", t.expires.UTC().Format(time.RFC3339)},
	} {
		quoted := "'" + strings.ReplaceAll(variable[1], "'", `'\''`) + "'"
		if _, err := fmt.Fprintf(console.Out, "export %s=%s\n", variable[0], quoted); err != nil {
			return err
		}
	}
	return nil
}
