package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/sallyport-iam/sallyport/wire"
)

// The verdicts of sigv4 check.
const (
	verdictVerified    = "verified"
	verdictRefused     = "refused"
	verdictNotCompared = "not_compared"
)

// checkedSignature is what sigv4 check prints.
type checkedSignature struct {
	Verdict          string              `json:"verdict"`
	Faults           []checkedFault      `json:"faults"`
	Hints            []string            `json:"hints"`
	Scheme           string              `json:"scheme"`
	AccessKeyID      string              `json:"access_key_id"`
	Timestamp        string              `json:"timestamp"`
	Region           string              `json:"region"`
	Service          string              `json:"service"`
	SignedHeaders    string              `json:"signed_headers"`
	Payload          string              `json:"payload"`
	Body             string              `json:"body"`
	CanonicalRequest string              `json:"canonical_request"`
	StringToSign     string              `json:"string_to_sign"`
	Differences      []checkedDifference `json:"differences"`
}

// checkedFault is a refusal as JSON.
type checkedFault struct {
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Message string `json:"message"`
	// Elements are further ones of the error document, but for those that are
	// printed by themselves.
	Elements map[string]string `json:"elements,omitempty"`
}

func (r *checkedSignature) hint(text string) { r.Hints = append(r.Hints, text) }

// fault adds a refusal.
func (r *checkedSignature) fault(refusal *wire.Refusal) {
	f := checkedFault{Status: refusal.Status, Code: refusal.Code, Message: refusal.Message}
	ofHeader := slices.ContainsFunc(refusal.Detail, func(d wire.Element) bool { return d.Name == "CanonicalRequest" })
	for _, d := range refusal.Detail {
		switch d.Name {
		case "StringToSign":
			if ofHeader {
				continue // printed by itself; that of a chunk is not
			}
		case "StringToSignBytes", "CanonicalRequest", "CanonicalRequestBytes", "SignatureProvided", "Token-0":
			continue
		}
		if f.Elements == nil {
			f.Elements = map[string]string{}
		}
		f.Elements[d.Name] = d.Value
	}
	r.Faults = append(r.Faults, f)
}

// print writes the result for people.
func (r *checkedSignature) print(console *Console) error {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(r.Verdict, "_", " "))
	for i, f := range r.Faults {
		word := ": "
		if i > 0 {
			word = "\nand "
		}
		fmt.Fprintf(&b, "%s%d %s: %s", word, f.Status, f.Code, f.Message)
		for _, name := range slices.Sorted(maps.Keys(f.Elements)) {
			fmt.Fprintf(&b, "\n    %s: %s", name, strings.ReplaceAll(f.Elements[name], "\n", "\n        "))
		}
	}
	b.WriteByte('\n')
	for _, h := range r.Hints {
		fmt.Fprintf(&b, "hint: %s\n", h)
	}
	for _, d := range r.Differences {
		d.print(&b)
	}
	if _, err := fmt.Fprintln(console.Out, tame(b.String())); err != nil {
		return err
	}
	rows := [][]string{
		{"scheme", r.Scheme}, {"access key", r.AccessKeyID}, {"signed at", r.Timestamp}, {"region", r.Region}, {"service", r.Service},
		{"signed headers", r.SignedHeaders}, {"payload", r.Payload}, {"body", r.Body},
	}
	rows = slices.DeleteFunc(rows, func(row []string) bool { return row[1] == "" })
	for _, row := range rows {
		row[1] = tame(row[1])
	}
	if err := console.Print(Format{}, nil, nil, rows); err != nil {
		return err
	}
	if r.CanonicalRequest == "" {
		return nil
	}
	_, err := fmt.Fprintf(console.Out, "\ncanonical request:\n%s\n\nstring to sign:\n%s\n", tame(r.CanonicalRequest), tame(r.StringToSign))
	return err
}

// tame keeps what a request holds from steering the terminal.
func tame(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return unicode.ReplacementChar
		}
		return c
	}, text)
}
