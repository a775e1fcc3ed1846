//go:build unix

package tour

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Table prints results as they come, aligned.
type Table struct {
	out    io.Writer
	width  int
	colour bool
	times  bool

	calls, results, wrong int
	sentence              string
}

// Width is that of a table that no terminal shows.
const Width = 120

// The widths of the columns; the reason has what is left.
const (
	whoWidth     = 9
	callWidth    = 34
	verdictWidth = 7
	gap          = "  "
)

// NewTable prints to out, width characters wide. colour is for terminals;
// without times the same tour prints the same table.
func NewTable(out io.Writer, width int, colour, times bool) *Table {
	return &Table{out: out, width: min(max(width, 100), Width), colour: colour, times: times}
}

// Begin prints the head.
func (t *Table) Begin() {
	t.row("", "who", "call", "verdict", "reason")
	reason := t.width - whoWidth - callWidth - verdictWidth - 3*len(gap)
	t.row("", strings.Repeat("─", whoWidth), strings.Repeat("─", callWidth), strings.Repeat("─", verdictWidth), strings.Repeat("─", reason))
}

// Add prints a result.
func (t *Table) Add(r Result) {
	t.results++
	if r.Who == "" {
		t.event(r)
		return
	}
	t.calls++
	t.row(t.shade(r.Verdict), r.Who, r.Call, string(r.Verdict), reason(r.Answer))
	if t.sentence == "" && strings.HasPrefix(r.Reason, "User: ") {
		t.sentence = fmt.Sprintf("%s's denied %s in full, as the SDK has it:\n  %s: %s", r.Who, r.Call, r.Answer.Code, r.Reason)
	}
	t.problem(r)
}

// event prints what is no call, across the columns.
func (t *Table) event(r Result) {
	took := ""
	if t.times {
		took = fmt.Sprintf(" (after %d ms)", r.Elapsed.Round(time.Millisecond).Milliseconds())
	}
	fmt.Fprintln(t.out)
	for i, line := range wrap(fmt.Sprintf("→ %s: %s%s", r.Call, r.Reason, took), t.width-2) {
		if i > 0 {
			line = "  " + line
		}
		fmt.Fprintln(t.out, line)
	}
	t.problem(r)
}

func (t *Table) problem(r Result) {
	problem := r.Problem()
	if problem == "" {
		return
	}
	t.wrong++
	fmt.Fprintf(t.out, "%s\n", t.paint(red, "✗ NOT AS EXPECTED: "+problem))
}

// End prints the sum and returns whether all was as expected.
func (t *Table) End() bool {
	if t.sentence != "" {
		fmt.Fprintf(t.out, "\n%s\n", strings.Join(indent(wrap(t.sentence, t.width)), "\n"))
	}
	if t.wrong > 0 {
		fmt.Fprintf(t.out, "\n%s\n", t.paint(red, fmt.Sprintf("✗ %d of %d results are not as expected.", t.wrong, t.results)))
		return false
	}
	fmt.Fprintf(t.out, "\n✓ %d calls, each with the verdict expected.\n", t.calls)
	return true
}

// reason is the code and the message of a denial. AWS's sentence repeats who
// and what, which the row says already: its reason is kept.
func reason(a Answer) string {
	text := a.Reason
	if strings.HasPrefix(text, "User: ") {
		for _, begin := range []string{" because ", " with an explicit deny "} {
			if _, rest, ok := strings.Cut(text, begin); ok {
				return a.Code + " …" + begin + rest
			}
		}
	}
	if a.Code != "" {
		return a.Code + ": " + text
	}
	return text
}

// row prints a row; what is too long for its column goes on below.
func (t *Table) row(shade string, who, call, verdict, reason string) {
	left := whoWidth + callWidth + verdictWidth + 3*len(gap)
	calls, reasons := wrap(call, callWidth), wrap(reason, t.width-left)
	for i := range max(len(calls), len(reasons)) {
		at := func(lines []string) string {
			if i < len(lines) {
				return lines[i]
			}
			return ""
		}
		if i > 0 {
			who, verdict = "", ""
		}
		line := pad(who, whoWidth) + gap + pad(at(calls), callWidth) + gap + t.paint(shade, pad(verdict, verdictWidth)) + gap + at(reasons)
		fmt.Fprintln(t.out, strings.TrimRight(line, " "))
	}
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// wrap breaks text at spaces into lines of at most width characters, and keeps
// its own line ends. A word that is longer has a line of its own.
func wrap(text string, width int) []string {
	var lines []string
	for paragraph := range strings.Lines(text) {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			switch {
			case line == "":
				line = word
			case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
				line += " " + word
			default:
				lines = append(lines, line)
				line = word
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// indent sets all lines but the first in.
func indent(lines []string) []string {
	for i := 1; i < len(lines); i++ {
		lines[i] = "  " + lines[i]
	}
	return lines
}

// The colours of a terminal.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (t *Table) shade(v Verdict) string {
	switch v {
	case Allowed:
		return green
	case Partly:
		return yellow
	default:
		return red
	}
}

func (t *Table) paint(shade, text string) string {
	if !t.colour || shade == "" {
		return text
	}
	return "\x1b[" + shade + "m" + text + "\x1b[0m"
}
