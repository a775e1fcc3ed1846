package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// Sigv4Cmd is about signatures.
type Sigv4Cmd struct {
	Check Sigv4CheckCmd `cmd:"" help:"Check the signature of one HTTP request, and show what it is compared with."`
}

// Sigv4CheckCmd checks the signature of a request that is kept in a file.
type Sigv4CheckCmd struct {
	Format
	File string `arg:"" help:"File that holds the request; - for standard input."`

	At       instant  `placeholder:"TIME" help:"Time to check it at, as 20130524T000000Z or 2013-05-24T00:00:00Z; the present if it is not given."`
	Region   []string `placeholder:"REGION" help:"Region of the endpoint; may be repeated. Any if it is not given."`
	Service  string   `default:"s3" help:"Signing name of the endpoint's service."`
	Endpoint string   `default:"https:" placeholder:"URL" help:"Scheme and port of the endpoint, as http://127.0.0.1:9000: a port that goes without saying may be signed or not."`

	Key        string `xor:"source" and:"secret" placeholder:"ID" help:"Access key id, with --secret-file."`
	SecretFile string `and:"secret" placeholder:"FILE" help:"File that holds the secret access key and nothing else."`
	Keys       string `short:"k" xor:"source" placeholder:"FILE" help:"Key file that holds the access key."`

	CanonicalRequest string `placeholder:"FILE" help:"The client's canonical request, to find the first difference."`
	StringToSign     string `placeholder:"FILE" help:"The client's string to sign, to find the first difference."`
	HeaderOnly       bool   `help:"Do not check the body, which need not be in the file."`
}

// Help shows an example.
func (Sigv4CheckCmd) Help() string {
	return `The file holds one request as HTTP/1.1 sends it, its lines ended by CRLF or LF, or what curl -v printed. Printed are the verdict, everything that is wrong, and the canonical request and the string to sign that a server computes, which hold what the request holds, a session token included. docs/sigv4.md tells how to get the client's.
Without a key no signature is compared: the verdict is what can be said without. The exit code is 0 if signature and body are verified, else 1.

Example:

    sallyport sigv4 check --keys keys.yaml --at 20130524T000000Z request.txt
`
}

// instant is a point in time on the command line.
type instant struct{ time.Time }

// UnmarshalText reads the form that AWS signs, or RFC 3339.
func (i *instant) UnmarshalText(text []byte) error {
	for _, layout := range [...]string{"20060102T150405Z", time.RFC3339} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			i.Time = t
			return nil
		}
	}
	return fmt.Errorf("%q is not a time such as 20130524T000000Z or 2013-05-24T00:00:00Z", text)
}

// Run checks the request and prints the result.
func (c *Sigv4CheckCmd) Run(console *Console) error {
	client, err := c.readClient()
	if err != nil {
		return err
	}
	scheme, port, err := c.endpoint()
	if err != nil {
		return err
	}
	req, refusal, err := console.readRawFile(c.File, scheme)
	if err != nil {
		return err
	}
	result := &checkedSignature{Verdict: verdictRefused, Faults: []checkedFault{}, Hints: []string{}, Differences: []checkedDifference{}}
	if refusal != nil {
		result.fault(refusal)
	} else {
		if req.bodyMissing && !c.HeaderOnly {
			return withHint(fmt.Errorf("%s: the header declares a body, and the file ends before it", c.File),
				"add the body, or check the header alone with --header-only")
		}
		req.Port = port
		if err := c.check(req, result, client); err != nil {
			return err
		}
	}
	if c.Output == "json" {
		err = console.Print(c.Format, result, nil, nil)
	} else {
		err = result.print(console)
	}
	if err == nil && result.Verdict != verdictVerified {
		err = errFindings
	}
	return err
}

// endpoint is the scheme and the port that were named.
func (c *Sigv4CheckCmd) endpoint() (scheme string, port uint16, err error) {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", 0, usageError("--endpoint is no http or https URL", "write it as http://127.0.0.1:9000")
	}
	if u.Port() == "" {
		return u.Scheme, 0, nil
	}
	number, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		return "", 0, usageError("--endpoint has a port over 65535", "write it as http://127.0.0.1:9000")
	}
	return u.Scheme, uint16(number), nil
}

// claimedRegion is a region that a request claims to be for: that of its scope,
// or one that the region set of SigV4A names.
func claimedRegion(e *sigv4.Explanation) string {
	if e.Region != "" {
		return e.Region
	}
	for entry := range strings.SplitSeq(e.RegionSet, ",") {
		if region := strings.ReplaceAll(entry, "*", ""); region != "" {
			return region
		}
	}
	return "us-east-1" // as good as any other for "*"
}

// check fills the result.
func (c *Sigv4CheckCmd) check(req *rawRequest, result *checkedSignature, client clientTexts) error {
	params := sigv4.Params{Now: c.At.Time, Service: c.Service, Regions: c.Region, Payload: sigv4.PayloadRule{Chunked: true}}
	if params.Now.IsZero() {
		params.Now = time.Now()
	}
	if !req.bodyMissing {
		sum := sha256.Sum256(req.content)
		params.Payload.BodyHash = hex.EncodeToString(sum[:])
	}
	verifier := sigv4.NewVerifier(sigv4.Options{})
	claimed := verifier.Explain(req.Request, params)
	if len(params.Regions) == 0 {
		params.Regions = []string{claimedRegion(claimed)}
	}
	keys, err := c.readKey(claimed.AccessKeyID, result)
	if err != nil {
		return err
	}
	params.Keys = keys
	e := verifier.Explain(req.Request, params)
	for _, fault := range e.Faults {
		result.fault(fault)
	}
	result.Scheme, result.AccessKeyID, result.Timestamp, result.Region, result.Service = e.Scheme.String(), e.AccessKeyID, e.Timestamp, e.Region, e.Service
	result.SignedHeaders, result.Payload = e.SignedHeaders, e.Payload
	c.checkBody(req, e, result)
	switch {
	case len(result.Faults) > 0:
	case keys == nil:
		result.Verdict = verdictNotCompared
		result.hint("no key was given: nothing is wrong that can be seen without one; --keys or --key and --secret-file compare the signature")
	case e.Verified != nil:
		result.Verdict = verdictVerified
	}
	if e.Scheme == sigv4.Form {
		result.hint("the credentials of a form are fields in its body, and what they sign is its policy: forms are not checked here")
	}
	if c.At.IsZero() && e.Timestamp != "" && slices.ContainsFunc(e.Faults, isAboutTime) {
		result.hint("--at " + e.Timestamp + " checks the request at the time it was signed")
	}
	if e.Matched > 0 {
		result.hint("the signature is that of another spelling of the path or the host, which means the same")
	}
	if len(e.NotArrived) > 0 {
		result.hint("signed, and not in the request: " + strings.Join(e.NotArrived, ", ") + "; something between client and server may have removed them")
	}
	result.compare(e, client)
	return nil
}

func isAboutTime(r *wire.Refusal) bool {
	return r.Code == "RequestTimeTooSkewed" || slices.ContainsFunc(r.Detail, func(d wire.Element) bool { return d.Name == "ServerTime" })
}

// checkBody reads the body as the server would and says what it was found to
// be. What needs the signature to be right is not checked if it is not.
func (c *Sigv4CheckCmd) checkBody(req *rawRequest, e *sigv4.Explanation, result *checkedSignature) {
	probe := req.Request
	switch {
	case c.HeaderOnly || e.Payload == "":
		result.Body = "not checked"
		return
	case e.Verified == nil && strings.HasPrefix(e.Payload, "STREAMING-AWS4-"):
		result.Body = "not checked: the signatures of its chunks continue that of the header"
		return
	case e.Verified == nil:
		probe = probe.Clone()
		probe.Fields.Set("x-amz-content-sha256", e.Payload)
	}
	body, refusal := sigv4.NewBody(probe, e.Verified, 0)
	if refusal == nil {
		_, _ = io.Copy(io.Discard, body)
		_ = body.Close()
		refusal = body.Refusal()
	}
	if refusal != nil {
		result.Body = "refused"
		result.fault(refusal)
		return
	}
	result.Body = plural(len(req.content), "byte")
	switch {
	case e.Payload == "UNSIGNED-PAYLOAD":
		result.Body += ", not signed"
	case e.Payload == "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
		result.Body += " in chunks, not signed"
	case strings.HasPrefix(e.Payload, "STREAMING-"):
		result.Body += " in chunks, with the right signatures"
	default:
		result.Body += ", with the hash that was signed"
	}
}
