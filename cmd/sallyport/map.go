package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// MapCmd tells what requests ask for.
type MapCmd struct {
	Format
	Files []string `arg:"" name:"file" help:"Files that hold requests; - for standard input."`

	Config      string   `short:"c" placeholder:"FILE" help:"Configuration whose routes, operations and rules for keys and ACLs apply, and whose bundle says who owns which bucket."`
	Door        string   `placeholder:"NAME" help:"Door of the configuration that the requests come to, if it has several."`
	VirtualHost []string `placeholder:"DOMAIN" help:"Without a configuration, a domain whose subdomains name buckets; may be repeated. Any other host is path style."`
	Region      string   `placeholder:"REGION" help:"Without a configuration, the region of the endpoint; us-east-1 if it is not given."`
	Scheme      string   `enum:"http,https," default:"" placeholder:"http|https" help:"How the requests arrive; if it is not given, as the door of the configuration says, and https without one."`
	Bundle      string   `xor:"owner" placeholder:"DIR" help:"Bundle that says who owns which bucket; that of the configuration if it is not given."`
	Owner       string   `xor:"owner" placeholder:"ACCOUNT" help:"Account that owns every bucket, in the place of a bundle."`
	Caller      string   `placeholder:"ACCOUNT" help:"Account of the caller, whatever credentials the request has; if it is not given, the owner's, and nobody's for a request without credentials."`
	All         bool     `xor:"form" help:"Show all condition keys: those of the owner, and by name those that come from the connection, the signature and the caller."`
	Simulate    string   `xor:"form" placeholder:"FILE" help:"Print the accesses as lines for sallyport simulate, each with the members of the JSON object in FILE: principal, policies and further context."`
}

// Help shows an example.
func (MapCmd) Help() string {
	return `A file holds requests as HTTP/1.1 sends them, lines ended by CRLF or LF, one behind the other: each body is as long as Content-Length or Transfer-Encoding: chunked says. What curl -v printed is one request without its body. Printed are the operation, every access that it needs (action, resource, owner, condition keys), and what else is asked or read. docs/map.md tells more.

Nothing is verified: signatures, hashes and checksums are not looked at, and no policy is asked. A request that cannot be mapped is shown with the refusal that a client would get; then the exit code is 1.

Example:

    sallyport map --owner 111122223333 request.txt
`
}

// maxMappedRequests bounds how many requests one command maps.
const maxMappedRequests = 10_000

// Run maps the requests and prints what they ask for.
func (c *MapCmd) Run(console *Console) error {
	for name, account := range map[string]string{"--owner": c.Owner, "--caller": c.Caller} {
		if account != "" && !policy.IsAccountID(account) {
			return usageError(name+" is no account id", "write its 12 digits")
		}
	}
	var template simulateTemplate
	if c.Simulate != "" {
		var err error
		if template, err = readSimulateTemplate(c.Simulate); err != nil {
			return err
		}
	}
	at, err := c.place(console)
	if err != nil {
		return err
	}
	result := mappedRequests{Requests: []mappedRequest{}, OtherKeys: otherKeys()}
	if at.placeholder {
		result.Placeholder = placeholderOwner
	}
	for _, file := range c.Files {
		if err := c.mapFile(console, at, file, &result); err != nil {
			return err
		}
	}
	switch {
	case c.Simulate != "":
		err = result.printLines(console, template)
	case c.Output == "json":
		err = console.Print(c.Format, result, nil, nil)
	default:
		err = result.print(console, c.All)
	}
	if err != nil {
		return err
	}
	for i := range result.Requests {
		if result.Requests[i].Refusal != nil {
			return errFindings
		}
	}
	return nil
}

// mapFile maps the requests of a file.
func (c *MapCmd) mapFile(console *Console, at *mapPlace, file string, result *mappedRequests) error {
	behind, err := console.readRawText(file, "name files that hold HTTP requests, or - for standard input")
	if err != nil {
		return err
	}
	for number := 1; number == 1 || len(behind) > 0; number++ {
		if len(result.Requests) == maxMappedRequests {
			return withHint(fmt.Errorf("more than %d requests", maxMappedRequests), "map them in several runs")
		}
		req, refusal, rest, err := nextRawRequest(behind, at.scheme)
		if err == nil && number > 1 && isQuoted(behind) {
			err = errors.New("what curl -v printed must be alone in its file")
		}
		if err != nil {
			return withHint(fmt.Errorf("%s: request %d: %w", file, number, err),
				"a request is METHOD TARGET HTTP/1.1, the header fields, an empty line, and a body that is as long as Content-Length or Transfer-Encoding: chunked says; or what `curl -v` printed, alone in its file")
		}
		mapped := mappedRequest{Request: fmt.Sprintf("%s#%d", file, number), Accesses: []mappedAccess{}}
		if refusal != nil {
			mapped.refuse(refusal)
		} else {
			at.mapRequest(req, &mapped)
		}
		result.Requests = append(result.Requests, mapped)
		behind = bytes.TrimLeft(rest, "\r\n")
	}
	return nil
}

// isQuoted tells whether a text does not begin with a request line, and so is
// read as what curl printed.
func isQuoted(text []byte) bool {
	line, _ := cutLine(text)
	return !isRequestLine(line)
}
