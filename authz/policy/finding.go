package policy

import "strconv"

// Severity is how much a finding weighs. The zero value is the gravest.
type Severity uint8

// The severities.
const (
	// Error: the document is rejected.
	Error Severity = iota
	// Warning: the document loads, and does something else than it seems to.
	Warning
	// Note: worth knowing, nothing depends on it.
	Note
)

// String names the severity.
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	default:
		return "note"
	}
}

// Finding is something that a reader of a file has to say about it.
type Finding struct {
	// File, Line and Column say where; the numbers begin at 1.
	File         string
	Line, Column int
	Severity     Severity
	// Code names the kind of finding, for programs; in a policy document it is
	// the code of IAM Access Analyzer where that has one.
	Code string
	// Message says what is wrong, Remedy what to write instead.
	Message, Remedy string
}

// String is file:line:col: message; remedy.
func (f Finding) String() string {
	s := f.File + ":" + strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column) + ": " + f.Message
	if f.Remedy != "" {
		s += "; " + f.Remedy
	}
	return s
}

// HasErrors tells whether any finding is an Error.
func HasErrors(findings []Finding) bool {
	for _, f := range findings {
		if f.Severity == Error {
			return true
		}
	}
	return false
}
