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
	text, err := c.readRawText(file, "name a file that holds one HTTP request, or - for standard input")
	if err != nil {
		return nil, nil, err
	}
	req, refusal, err := parseRawRequest(text, scheme)
	if err != nil {
		return nil, nil, withHint(fmt.Errorf("%s: %w", file, err),
			"the file holds one request as HTTP/1.1 sends it: METHOD TARGET HTTP/1.1, the header fields, an empty line, the body; or what `curl -v` printed")
	}
	return req, refusal, nil
}

// readRawText reads a file whole, or standard input if it is "-". The hint says
// what to name in the place of a file that cannot be read.
func (c *Console) readRawText(file, hint string) ([]byte, error) {
	in := c.In
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, unreadable(file, err, hint)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxRawRequest+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	if len(text) > maxRawRequest {
		return nil, fmt.Errorf("%s is longer than %d bytes", file, maxRawRequest)
	}
	return text, nil
}

// parseRawRequest reads the one request of a text: what follows its body may be
// line ends alone.
func parseRawRequest(text []byte, scheme string) (*rawRequest, *wire.Refusal, error) {
	req, refusal, behind, err := nextRawRequest(text, scheme)
	if err != nil || refusal != nil {
		return nil, refusal, err
	}
	if len(bytes.Trim(behind, "\r\n")) > 0 {
		return nil, nil, fmt.Errorf("%s after the end of the request: Content-Length, or Transfer-Encoding: chunked, says how long the body is", plural(len(behind), "byte"))
	}
	return req, nil, nil
}

// nextRawRequest reads the request that a text begins with, and returns what
// stands behind it. Lines of the header end with CRLF or LF; the body is taken
// byte for byte, as long as the header says. Of what curl -v prints, the lines
// that begin with ">" are the request, its body is not there, and nothing is
// behind it.
func nextRawRequest(text []byte, scheme string) (req *rawRequest, refusal *wire.Refusal, behind []byte, err error) {
	lines, rest, err := rawHeader(text)
	if err != nil {
		return nil, nil, nil, err
	}
	header := append([]byte(strings.Join(lines, "\r\n")), "\r\n\r\n"...)
	body := bytes.NewReader(rest)
	in := bufio.NewReader(io.MultiReader(bytes.NewReader(header), body))
	r, err := http.ReadRequest(in)
	if err != nil {
		return nil, nil, nil, errors.New("no HTTP request: " + tame(err.Error())) // which may hold a line of it
	}
	asked, refusal := nethttp.Request(r, scheme, netip.AddrPort{})
	content, missing, err := rawBody(r, len(rest) == 0) // afterwards: it adds trailers
	if err != nil {
		return nil, nil, nil, err
	}
	behind = rest[len(rest)-body.Len()-in.Buffered():]
	if refusal != nil {
		return nil, refusal, behind, nil
	}
	req = &rawRequest{Request: asked, content: content, bodyMissing: missing}
	req.Body = nil
	if len(content) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(content))
	}
	return req, nil, behind, nil
}

// rawBody reads the body of a request to its end. It may be missing if the text
// ends behind the header.
func rawBody(r *http.Request, ended bool) (content []byte, missing bool, err error) {
	content, err = io.ReadAll(r.Body)
	switch {
	case err == nil:
		return content, false, nil
	case ended:
		return content, true, nil
	case errors.Is(err, io.ErrUnexpectedEOF) && r.ContentLength > 0:
		return nil, false, fmt.Errorf("the body has %d bytes, and Content-Length says %d", len(content), r.ContentLength)
	default:
		return nil, false, fmt.Errorf("the body cannot be read: %w", err)
	}
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
