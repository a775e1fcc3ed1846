package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

// maxRawRequest is the greatest size in bytes of a file that holds a request.
const maxRawRequest = 64 << 20

// rawRequest is one HTTP request of a file, read as a door reads it from a
// connection.
type rawRequest struct {
	*wire.Request
	// content is the body, as Request.Body yields it.
	content []byte
	// bodyMissing tells that the header declares a body, and the file ends
	// before it.
	bodyMissing bool
}

// readRawFile reads the request in a file, or in standard input if it is "-".
// A refusal is what a door would answer; an error says that there is no such
// request.
func (c *Console) readRawFile(file, scheme string) (*rawRequest, *wire.Refusal, error) {
	in := c.In
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, nil, unreadable(file, err, "name a file that holds one HTTP request, or - for standard input")
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxRawRequest+1))
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", file, err)
	}
	if len(text) > maxRawRequest {
		return nil, nil, fmt.Errorf("%s is longer than %d bytes", file, maxRawRequest)
	}
	req, refusal, err := parseRawRequest(text, scheme)
	if err != nil {
		return nil, nil, withHint(fmt.Errorf("%s: %w", file, err),
			"the file holds one request as HTTP/1.1 sends it: METHOD TARGET HTTP/1.1, the header fields, an empty line, the body; or what `curl -v` printed")
	}
	return req, refusal, nil
}

// parseRawRequest reads one request. Lines of the header end with CRLF or LF;
// the body is taken byte for byte, and what follows it may be line ends alone.
// Of what curl -v prints, the lines that begin with ">" are the request, and
// its body is not there.
func parseRawRequest(text []byte, scheme string) (*rawRequest, *wire.Refusal, error) {
	lines, rest, err := rawHeader(text)
	if err != nil {
		return nil, nil, err
	}
	header := append([]byte(strings.Join(lines, "\r\n")), "\r\n\r\n"...)
	in := bufio.NewReader(io.MultiReader(bytes.NewReader(header), bytes.NewReader(rest)))
	r, err := http.ReadRequest(in)
	if err != nil {
		return nil, nil, errors.New("no HTTP request: " + tame(err.Error())) // which may hold a line of it
	}
	req, refusal := nethttp.Request(r, scheme, netip.AddrPort{})
	if refusal != nil {
		return nil, refusal, nil
	}
	raw := &rawRequest{Request: req}
	raw.content, err = io.ReadAll(r.Body)
	switch {
	case err == nil:
	case len(rest) == 0:
		raw.bodyMissing = true
	case errors.Is(err, io.ErrUnexpectedEOF) && r.ContentLength > 0:
		return nil, nil, fmt.Errorf("the body has %d bytes, and Content-Length says %d", len(raw.content), r.ContentLength)
	default:
		return nil, nil, fmt.Errorf("the body cannot be read: %w", err)
	}
	behind, err := io.ReadAll(in)
	if err != nil {
		return nil, nil, fmt.Errorf("reading behind the body: %w", err)
	}
	if len(bytes.Trim(behind, "\r\n")) > 0 {
		return nil, nil, fmt.Errorf("%s after the end of the request: Content-Length, or Transfer-Encoding: chunked, says how long the body is", plural(len(behind), "byte"))
	}
	raw.Body = nil
	if len(raw.content) > 0 {
		raw.Body = io.NopCloser(bytes.NewReader(raw.content))
	}
	return raw, nil, nil
}

// rawHeader is the request line and the field lines, and what follows the empty
// line behind them. It refuses what net/http mends before anybody sees it.
func rawHeader(text []byte) (lines []string, rest []byte, err error) {
	lines, first, rest, err := rawLines(text)
	if err != nil {
		return nil, nil, err
	}
	request := strings.Split(lines[0], " ")
	request[2] = "HTTP/1.1" // what a line of HTTP/2 says is not written otherwise
	lines[0] = strings.Join(request, " ")
	var hosts, lengths, codings int
	for i, line := range lines {
		if strings.IndexByte(line, '\r') >= 0 {
			return nil, nil, fmt.Errorf("line %d: a carriage return within a line", first+i)
		}
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "host":
			hosts++
		case "content-length":
			lengths++
		case "transfer-encoding":
			codings++
		}
	}
	switch {
	case hosts > 1:
		return nil, nil, errors.New("there are two Host fields")
	case lengths > 0 && codings > 0:
		return nil, nil, errors.New("Content-Length and Transfer-Encoding are both there")
	}
	return lines, rest, nil
}

// rawLines splits the lines of the header off. first is the number of the first.
func rawLines(text []byte) (lines []string, first int, rest []byte, err error) {
	line, rest := cutLine(text)
	if !isRequestLine(line) {
		lines, first, err = quotedLines(text)
		return lines, first, nil, err
	}
	for ; line != ""; line, rest = cutLine(rest) {
		lines = append(lines, line)
	}
	return lines, 1, rest, nil
}

// quotedLines are the lines of the one header that curl -v printed, from the
// request line to the ">" that stands for the empty line.
func quotedLines(text []byte) (lines []string, first int, err error) {
	ended := false
	for number := 1; len(text) > 0; number++ {
		var line string
		line, text = cutLine(text)
		quoted, isQuoted := strings.CutPrefix(line, "> ")
		switch {
		case isQuoted && isRequestLine(quoted):
			if first > 0 {
				return nil, 0, fmt.Errorf("line %d: a second request begins", number)
			}
			lines, first = []string{quoted}, number
		case first == 0 || ended:
		case isQuoted && quoted != "":
			lines = append(lines, quoted)
		default:
			ended = true
		}
	}
	if first == 0 {
		return nil, 0, errors.New("line 1: no request line, METHOD TARGET HTTP/1.1 with one space each")
	}
	return lines, first, nil
}

// cutLine splits the first line off, without its CRLF or LF.
func cutLine(text []byte) (line string, rest []byte) {
	before, after, _ := bytes.Cut(text, []byte("\n"))
	return strings.TrimSuffix(string(before), "\r"), after
}

// isRequestLine tells whether a line is METHOD TARGET VERSION. Tools write
// HTTP/2's as one too.
func isRequestLine(line string) bool {
	parts := strings.Split(line, " ")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
		return false
	}
	switch parts[2] {
	case "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/2.0", "HTTP/3":
		return true
	}
	return false
}
