package envoyconfig

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity is how bad a finding is.
type Severity uint8

// The severities.
const (
	// Note: it is right in some set-ups, and only the reader can tell.
	Note Severity = iota
	// Warning: something will not work as it should, or cannot be judged here.
	Warning
	// Error: signatures break, or something passes undecided.
	Error
)

func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Warning:
		return "warning"
	}
	return "error"
}

// Finding is one thing about a configuration, and what to do about it.
type Finding struct {
	File         string
	Line, Column int
	Severity     Severity
	// Code names the kind of finding, as NORMALIZE_PATH.
	Code            string
	Message, Remedy string
}

// String is the finding on one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s; %s", f.File, f.Line, f.Column, f.Severity, f.Message, f.Remedy)
}

// position is a place in a file; lines and columns begin at 1.
type position struct{ line, column int }

// report collects findings.
type report struct {
	file     string
	findings []Finding
}

func (r *report) add(at position, severity Severity, code, message, remedy string) {
	r.findings = append(r.findings, Finding{r.file, at.line, at.column, severity, code, message, remedy})
}

// sorted are the findings in the order of the file, each once.
func (r *report) sorted() []Finding {
	slices.SortStableFunc(r.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(r.findings)
}
