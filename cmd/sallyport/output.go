package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// What a command prints for its user goes to standard output and can be read by
// programs (-o json). Everything about how it went goes to standard error: one
// line that begins with "sallyport:", in lower case, without a full stop, then
// a "hint:" line for each thing to do about it. Log lines of serve are apart.

// Console is where a command reads and writes.
type Console struct {
	In       io.Reader
	Out, Err io.Writer
}

// Format is the -o flag of commands that print something.
type Format struct {
	Output string `short:"o" enum:"table,json" default:"table" help:"Form of what is printed: table or json."`
}

// Print writes value as indented JSON if that was asked for, else the rows as
// aligned columns below the header. A header of no columns is not printed.
func (c *Console) Print(f Format, value any, header []string, rows [][]string) error {
	if f.Output == "json" {
		encoder := json.NewEncoder(c.Out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(value)
	}
	table := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	if len(header) > 0 {
		rows = append([][]string{header}, rows...)
	}
	for _, row := range rows {
		if _, err := fmt.Fprintln(table, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return table.Flush()
}

// Exit codes of the process.
const (
	exitFailed = 1
	exitUsage  = 2
)

// failure is an error with an exit code and what to do about it.
type failure struct {
	err   error
	hints []string
	code  int
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// withHint adds what to do about an error, one line each.
func withHint(err error, hints ...string) error {
	return &failure{err: err, hints: hints, code: exitFailed}
}

// usageError is an error in how the command was called.
func usageError(message string, hints ...string) error {
	return &failure{err: errors.New(message), hints: hints, code: exitUsage}
}

// errFindings ends a command with exit code 1 whose findings are printed
// already.
var errFindings = errors.New("there are findings")

// fail prints the error and returns the exit code.
func (c *Console) fail(err error) int {
	if errors.Is(err, errFindings) {
		return exitFailed
	}
	code := exitFailed
	_, _ = fmt.Fprintf(c.Err, "sallyport: %s\n", oneLine(err.Error()))
	var f *failure
	if errors.As(err, &f) {
		code = f.code
		for _, hint := range f.hints {
			_, _ = fmt.Fprintf(c.Err, "hint: %s\n", oneLine(hint))
		}
	}
	return code
}

// oneLine keeps an error of several lines from looking like several errors.
func oneLine(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
}
