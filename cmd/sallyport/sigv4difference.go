package main

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// checkedDifference is the first difference between what the client computed
// and what a server computes.
type checkedDifference struct {
	// Of is what was compared: canonical request or string to sign.
	Of   string `json:"of"`
	Same bool   `json:"same"`
	// Line and Column count from 1, columns in bytes.
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Part   string `json:"part,omitempty"`
	Server string `json:"server,omitempty"`
	Client string `json:"client,omitempty"`
	Cause  string `json:"cause,omitempty"`
}

func (d *checkedDifference) print(b *strings.Builder) {
	if d.Same {
		fmt.Fprintf(b, "the client's %s is the same\n", d.Of)
		return
	}
	fmt.Fprintf(b, "the client's %s differs first in line %d, column %d (%s)\n    server: %s\n    client: %s\n", d.Of, d.Line, d.Column, d.Part, d.Server, d.Client)
	if d.Cause != "" {
		fmt.Fprintf(b, "    cause: %s\n", d.Cause)
	}
}

// clientTexts are what the client says that it computed; "" for what it does
// not say.
type clientTexts struct{ canonicalRequest, stringToSign string }

// maxClientText bounds what a client computed, in bytes.
const maxClientText = 1 << 20

func (c *Sigv4CheckCmd) readClient() (texts clientTexts, err error) {
	read := func(file string) string {
		if file == "" || err != nil {
			return ""
		}
		var text []byte
		if text, err = os.ReadFile(file); err != nil {
			err = unreadable(file, err, "name a file that holds what the client computed")
			return ""
		}
		clean := strings.TrimSuffix(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
		if clean == "" || len(text) > maxClientText {
			err = fmt.Errorf("%s is empty or longer than %d bytes", file, maxClientText)
		}
		return clean
	}
	texts.canonicalRequest, texts.stringToSign = read(c.CanonicalRequest), read(c.StringToSign)
	return texts, err
}

// compare takes over the spelling that the signature is of, or that is nearest
// to what the client computed, and says where the two differ first.
func (r *checkedSignature) compare(e *sigv4.Explanation, client clientTexts) {
	if len(e.Spellings) == 0 {
		return
	}
	best := max(e.Matched, 0)
	if e.Matched < 0 && client.canonicalRequest != "" {
		far := -1
		for i, s := range e.Spellings {
			if n := commonPrefix(s.CanonicalRequest, client.canonicalRequest); n > far {
				best, far = i, n
			}
		}
	}
	server := e.Spellings[best]
	r.CanonicalRequest, r.StringToSign = server.CanonicalRequest, server.StringToSign
	same := false
	if client.canonicalRequest != "" {
		d := firstDifference("canonical request", server.CanonicalRequest, client.canonicalRequest)
		if same = d.Same; !same {
			d.Part, d.Cause = canonicalCause(&d, server.CanonicalRequest, e)
		}
		r.Differences = append(r.Differences, d)
	}
	if client.stringToSign != "" {
		d := firstDifference("string to sign", server.StringToSign, client.stringToSign)
		if same = d.Same; !same {
			d.Part, d.Cause = toSignCause(d.Line)
		}
		r.Differences = append(r.Differences, d)
	}
	mismatch := slices.ContainsFunc(e.Faults, func(f *wire.Refusal) bool { return f.Code == "SignatureDoesNotMatch" })
	if same && mismatch && len(e.NotArrived) == 0 {
		r.hint("client and server sign the same text with different secrets: the secret access key is another one, or has white space around it")
	}
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func firstDifference(of, server, client string) checkedDifference {
	if server == client {
		return checkedDifference{Of: of, Same: true}
	}
	n := commonPrefix(server, client)
	start := strings.LastIndexByte(server[:n], '\n') + 1
	line := func(text string) string {
		text, _, _ = strings.Cut(text[start:], "\n")
		return text
	}
	return checkedDifference{
		Of: of, Line: strings.Count(server[:n], "\n") + 1, Column: n - start + 1, Server: line(server), Client: line(client),
	}
}

// toSignCause is the part of a string to sign and what usually makes it differ.
func toSignCause(line int) (part, cause string) {
	switch line {
	case 1:
		return "algorithm", "the client signs with another algorithm"
	case 2:
		return "time", "the client signs another time than it sends as x-amz-date: another request is compared, or something replaced the field"
	case 3:
		return "scope", "the client signs for another date, region or service than its credential says"
	}
	return "hash of the canonical request", "the canonical requests differ: give the client's with --canonical-request to see where"
}

// canonicalCause is the part of a canonical request and what usually makes it
// differ there.
func canonicalCause(d *checkedDifference, server string, e *sigv4.Explanation) (part, cause string) {
	last := strings.Count(server, "\n") + 1
	switch d.Line {
	case 1:
		return "method", "something between client and server changed the method"
	case 2:
		return "path", pathCause(d.Server, d.Client)
	case 3:
		return "query", queryCause(d.Server, d.Client)
	case last:
		return "payload", payloadCause(d.Server, d.Client)
	case last - 1:
		return "signed headers", "the client computed this for another list of signed headers than it sent: two requests are compared"
	}
	return "header fields", fieldCause(d.Server, d.Client, e)
}

func pathCause(server, client string) string {
	serverKey, _ := wire.Unescape(server)
	clientKey, _ := wire.Unescape(client)
	switch {
	case clientKey == server:
		return "the client encodes the path twice, as all services but Amazon S3 have it"
	case serverKey == client:
		return "the server encodes the path twice, as all services but Amazon S3 have it: --service says which it is"
	case serverKey == clientKey:
		return "both are the same path, encoded differently: AWS encodes all but A-Z a-z 0-9 - . _ ~ and /, with upper-case digits"
	case path.Clean(serverKey) == path.Clean(clientKey):
		return "client, or a proxy, cleans the path: // and dot segments are part of a key and must stay"
	case strings.HasSuffix(server, client), strings.HasSuffix(client, server):
		return "a prefix was added or removed: by a proxy, or because one side has the bucket in the path and the other in the host"
	}
	return "something between client and server rewrote the path"
}

func queryCause(server, client string) string {
	sorted := func(query string) []string {
		pieces := strings.Split(query, "&")
		slices.Sort(pieces)
		return pieces
	}
	plus := strings.NewReplacer("+", "%20")
	switch {
	case plus.Replace(client) == server, strings.ReplaceAll(client, "%20", "%2B") == server, strings.ReplaceAll(server, "%20", "%2B") == client:
		return "a space is %20 and a plus %2B: one side wrote or read + for a space"
	case slices.Equal(sorted(server), sorted(client)):
		return "the parameters are in another order: by encoded name, then by encoded value"
	case strings.ReplaceAll(server+"&", "=&", "&") == strings.ReplaceAll(client+"&", "=&", "&"):
		return "a parameter without value has a = in the canonical query"
	}
	if a, ok := wire.Unescape(server); ok {
		if b, ok := wire.Unescape(client); ok && a == b {
			return "both are the same parameters, encoded differently: AWS encodes all but A-Z a-z 0-9 - . _ ~, with upper-case digits"
		}
	}
	return "something added, removed or rewrote a parameter"
}

func fieldCause(server, client string, e *sigv4.Explanation) string {
	name, serverValue, _ := strings.Cut(server, ":")
	clientName, clientValue, _ := strings.Cut(client, ":")
	if name != clientName {
		if slices.Contains(e.NotArrived, clientName) {
			return "the field " + clientName + " was signed and did not arrive: something between client and server removed it"
		}
		return "the client computed this for other fields than it names as signed: two requests are compared"
	}
	fold := func(value string) string { return strings.Join(strings.Fields(value), " ") }
	switch {
	case name == "host" && (strings.HasPrefix(clientValue, serverValue+":") || strings.HasPrefix(serverValue, clientValue+":")):
		return "a proxy added or removed the port: it must pass the Host field on as it came, or tell it in X-Forwarded-Host"
	case name == "host":
		return "a proxy put another Host in the place of the client's: it must pass it on as it came, or tell it in X-Forwarded-Host"
	case fold(serverValue) == fold(clientValue):
		return "white space: around a value it is removed, and of several spaces in a row one is left"
	case strings.ReplaceAll(serverValue, ", ", ",") == strings.ReplaceAll(clientValue, ", ", ","):
		return "fields of one name are joined with a comma and no space: a proxy that merges them adds one"
	case name == "x-amz-date", name == "date":
		return "two requests are compared: they were signed at different times"
	}
	return "something between client and server changed the value, as proxies do to accept-encoding, user-agent, connection and content-length: it must pass, or not be signed"
}

func payloadCause(server, client string) string {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	switch {
	case client == empty:
		return "the client signs an empty body"
	case client == "UNSIGNED-PAYLOAD" || server == "UNSIGNED-PAYLOAD":
		return "one side has the hash of the body, the other UNSIGNED-PAYLOAD: what is signed is the value of x-amz-content-sha256 as it is sent"
	case strings.HasPrefix(client, "STREAMING-") || strings.HasPrefix(server, "STREAMING-"):
		return "one side has an aws-chunked body: what is signed is the value of x-amz-content-sha256 as it is sent"
	}
	return "the hash of another body, or in another case: what is signed is the value of x-amz-content-sha256 as it is sent"
}
