// Command sallyport puts AWS IAM in front of S3-compatible storage: it verifies
// each request's signature, decides it with AWS's policy language and passes on
// what is allowed.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// CLI is the command line; each command has a file of its own.
type CLI struct {
	Serve       ServeCmd       `cmd:"" help:"Run Sallyport as a configuration file says."`
	Config      ConfigCmd      `cmd:"" help:"Check the configuration file, or print its reference."`
	Bundle      BundleCmd      `cmd:"" help:"Check a bundle of accounts and policies."`
	Keys        KeysCmd        `cmd:"" help:"Make and list access keys and MFA devices."`
	Sessions    SessionsCmd    `cmd:"" help:"Make, rotate and list the keys of temporary credentials."`
	Credentials CredentialsCmd `cmd:"" help:"Get temporary credentials, for programs that take none from a token by themselves."`
	Envoy       EnvoyCmd       `cmd:"" help:"Write or check the configuration of an Envoy in front of Sallyport."`
	Sigv4       Sigv4Cmd       `cmd:"" name:"sigv4" help:"Find out why a signature does not match."`
	Map         MapCmd         `cmd:"" help:"Tell which actions on which resources HTTP requests ask for."`
	Simulate    SimulateCmd    `cmd:"" help:"Decide what lines of JSON ask, with the policies they hold."`
	Version     VersionCmd     `cmd:"" help:"Print the version of this binary."`
}

const description = `Sallyport puts AWS IAM in front of S3-compatible storage.

Exit codes: 0 success; 1 it failed, or what was checked has findings; 2 wrong usage of the command line.`

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program but for the process around it; it returns the exit
// code.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	console := &Console{In: in, Out: out, Err: errOut}
	var cli CLI
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("sallyport"),
		kong.Description(description),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Bind(console),
		kong.BindSingletonProvider(untilSignal),
	)
	if err != nil {
		return console.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help printed
		return exited
	}
	if err != nil {
		return console.fail(usage(err))
	}
	if err := command.Run(); err != nil {
		return console.fail(err)
	}
	return 0
}

// untilSignal is the context of a command that asks for one: SIGINT or SIGTERM
// ends it, a second signal the process. Other commands end with the first.
func untilSignal() (context.Context, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, nil
}

// usage makes of a parser's error one that exits with 2 and names the help of
// the command that was meant.
func usage(err error) error {
	verb := "sallyport"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			verb = strings.TrimSpace("sallyport " + node.Path())
		}
	}
	return usageError(err.Error(), "run `"+verb+" --help` for what it takes")
}
