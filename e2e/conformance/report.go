package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Run is one run of the whole suite, both ways.
type Run struct {
	// Name says how the store ran.
	Name string
	*Compared
}

const reportHead = `# Conformance

versitygw, an S3 gateway, carries a public conformance suite in its program. ` + "`make conformance`" + `
runs it twice: against the store itself, and through Sallyport in front of such a store, as
a user who may do everything. What passes directly passes through Sallyport, or its reason is
below. The command fails for a difference that has none, for one that shows otherwise than
its reason says, and for a reason without a difference.

It takes some minutes; a part of it is in ` + "`make test`" + `. The upstream is said to have all
operations, to keep keys exactly, and ACLs are forwarded
([e2e/conformance/site](../e2e/conformance/site)). The reasons are
[data](../e2e/conformance/differences.txt), and this page is made of it by
` + "`make conformance WRITE=1`" + `.

`

// WriteReport makes docs/conformance.md.
func WriteReport(runs []Run, reasons []Reason) string {
	var b strings.Builder
	b.WriteString(reportHead)
	b.WriteString("| store | tests that pass directly | that pass through Sallyport | that differ |\n|---|---|---|---|\n")
	for _, r := range runs {
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", r.Name, len(r.Passed), len(r.Passed)-len(r.Differ), len(r.Differ))
	}
	b.WriteString("\n" + WriteReasons(reasons))
	return b.String()
}

// WriteReasons is the part of docs/conformance.md that follows from the reasons
// alone.
func WriteReasons(reasons []Reason) string {
	var b strings.Builder
	b.WriteString("## What differs\n\n| reason | tests |\n|---|---|\n")
	for _, r := range reasons {
		fmt.Fprintf(&b, "| [%s](#%s) | %d |\n", r.Title, anchor(r.Title), len(r.Shows))
	}
	for _, r := range reasons {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| test | shows |\n|---|---|\n", r.Title, r.Text)
		for _, name := range slices.Sorted(maps.Keys(r.Shows)) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", name, strings.ReplaceAll(r.Shows[name], "|", "\\|"))
		}
	}
	return b.String()
}

// anchor is that of a heading.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-':
			return r
		}
		return -1
	}, strings.ToLower(title))
}
