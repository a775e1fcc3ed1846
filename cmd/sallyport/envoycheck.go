package main

import (
	"fmt"
	"io"
	"os"

	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/proxy/extauthz/envoyconfig"
)

// EnvoyCheckCmd judges an Envoy's configuration.
type EnvoyCheckCmd struct {
	Format
	File   string `arg:"" help:"Configuration of Envoy, YAML or JSON; - for standard input."`
	Config string `short:"c" placeholder:"FILE" help:"Configuration file of Sallyport, whose door says which operations and bodies there are. Without it: those of operations: core."`
	Door   string `placeholder:"NAME" help:"Door of type ext_authz that Envoy asks, if that configuration has several."`
}

// Help shows an example.
func (EnvoyCheckCmd) Help() string {
	return `Read are bootstrap files, what a running Envoy tells at /config_dump (so that what a mesh made of it is seen), and parts, such as Istio's EnvoyFilter. Every HTTP connection manager with an ext_authz filter is judged, with its routes: each operation is tried on them as Envoy would.

Each finding is a line FILE:LINE:COLUMN: severity: what; what to do. An error breaks signatures or lets something pass undecided; a warning is what will not work well, or cannot be judged here; a note is right in some set-ups.

Exit codes: 0 no errors; 1 errors, or the file cannot be read; 2 wrong usage.

Example:

    sallyport envoy check envoy.yaml
`
}

// maxEnvoyFile bounds what is read, in bytes.
const maxEnvoyFile = 64<<20 + 1

// checkedEnvoy is what envoy check says.
type checkedEnvoy struct {
	OK       bool             `json:"ok"`
	Findings []checkedFinding `json:"findings"`
	Errors   int              `json:"errors"`
	Warnings int              `json:"warnings"`
	Notes    int              `json:"notes"`
}

// Run prints the findings and how many there are.
func (c *EnvoyCheckCmd) Run(console *Console) error {
	expect := envoyconfig.Expectations{Routes: []envoyconfig.Route{{Operations: envoyOperations([]string{config.OperationsCore})}}}
	if c.Config != "" {
		cfg, err := config.Load(c.Config, os.LookupEnv)
		if err != nil {
			return console.problems(err)
		}
		d, err := envoyDoor(cfg, c.Config, c.Door)
		if err != nil {
			return err
		}
		expect.MaxBody = d.MaxBody
		expect.Routes = envoyRoutes(cfg, d)
	} else if c.Door != "" {
		return usageError("--door needs --config", "name the configuration file that has the door")
	}
	source, name, err := c.read(console)
	if err != nil {
		return err
	}
	findings := envoyconfig.Check(name, source, expect)
	result := checkedEnvoy{Findings: make([]checkedFinding, len(findings))}
	rows := make([][]string, 0, len(findings)+1)
	for i, f := range findings {
		result.Findings[i] = checkedFinding{f.File, f.Line, f.Column, f.Severity.String(), f.Code, f.Message, f.Remedy}
		rows = append(rows, []string{f.String()})
		switch f.Severity {
		case envoyconfig.Error:
			result.Errors++
		case envoyconfig.Warning:
			result.Warnings++
		case envoyconfig.Note:
			result.Notes++
		}
	}
	result.OK = result.Errors == 0
	verdict := "OK"
	if len(findings) > 0 {
		verdict = fmt.Sprintf("%s, %s, %s", plural(result.Errors, "error"), plural(result.Warnings, "warning"), plural(result.Notes, "note"))
	}
	rows = append(rows, []string{name + ": " + verdict})
	if err := console.Print(c.Format, result, nil, rows); err != nil {
		return err
	}
	if !result.OK {
		return errFindings
	}
	return nil
}

// read is the text of the file, and what findings call it.
func (c *EnvoyCheckCmd) read(console *Console) ([]byte, string, error) {
	in, name := console.In, "stdin"
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, "", withHint(err, "name the file that `envoy --config-path` is given")
		}
		defer f.Close()
		in, name = f, c.File
	}
	source, err := io.ReadAll(io.LimitReader(in, maxEnvoyFile))
	if err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", name, err)
	}
	return source, name, nil
}
