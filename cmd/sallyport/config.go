package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/sallyport-iam/sallyport/config"
)

// ConfigCmd is about the configuration file.
type ConfigCmd struct {
	Check     ConfigCheckCmd     `cmd:"" help:"Check a configuration file and list everything that is wrong with it."`
	Reference ConfigReferenceCmd `cmd:"" hidden:"" help:"Print the reference of the configuration file as Markdown."`
}

// ConfigCheckCmd checks a configuration file.
type ConfigCheckCmd struct {
	Format
	File string `arg:"" help:"The configuration file."`
}

// Help shows an example.
func (ConfigCheckCmd) Help() string {
	return `Environment variables that the file names must be set, and the TLS files that it names readable.
Each finding is a line FILE:LINE:COLUMN: what is wrong; what to do. With findings the exit code is 1.

Example:

    sallyport config check sallyport.yaml
`
}

// checked is what config check says of a file.
type checked struct {
	OK        bool            `json:"ok"`
	Problems  config.Problems `json:"problems"`
	Doors     int             `json:"doors"`
	Routes    int             `json:"routes"`
	Upstreams int             `json:"upstreams"`
}

// Run prints a summary or the findings.
func (c *ConfigCheckCmd) Run(console *Console) error {
	result := checked{OK: true, Problems: config.Problems{}}
	cfg, err := config.Load(c.File, os.LookupEnv)
	if err != nil {
		if !errors.As(err, &result.Problems) {
			return withHint(err, "name the file that `sallyport serve --config` is given")
		}
		result.OK = false
		rows := make([][]string, len(result.Problems))
		for i, problem := range result.Problems {
			rows[i] = []string{problem.String()}
		}
		if err := console.Print(c.Format, result, nil, rows); err != nil {
			return err
		}
		return errFindings
	}
	result.Doors, result.Upstreams = len(cfg.Doors), len(cfg.Upstreams)
	for _, door := range cfg.Doors {
		result.Routes += len(door.Routes)
	}
	summary := fmt.Sprintf("%s: OK, %s, %s, %s", c.File,
		plural(result.Doors, "door"), plural(result.Routes, "route"), plural(result.Upstreams, "upstream"))
	return console.Print(c.Format, result, nil, [][]string{{summary}})
}

// problems prints to standard error what is wrong with a configuration file
// that a command was to use, and returns the error to end with.
func (c *Console) problems(err error) error {
	var problems config.Problems
	if !errors.As(err, &problems) {
		return err
	}
	for _, problem := range problems {
		_, _ = fmt.Fprintln(c.Err, problem)
	}
	return withHint(fmt.Errorf("the configuration has %s", plural(len(problems), "problem")),
		"`sallyport config check "+problems[0].File+"` checks it without starting")
}

// plural counts things for a sentence.
func plural(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}

// ConfigReferenceCmd prints the reference that docs/configuration.md is.
type ConfigReferenceCmd struct{}

// Help shows an example.
func (ConfigReferenceCmd) Help() string {
	return "Example:\n\n    sallyport config reference > docs/configuration.md\n"
}

// Run prints the reference.
func (ConfigReferenceCmd) Run(console *Console) error {
	return config.WriteReference(console.Out)
}
