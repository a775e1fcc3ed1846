package policy

import (
	"errors"
	"strings"
)

// PartKind tells the parts of a template apart.
type PartKind uint8

// The kinds of part.
const (
	// Text is text as written, in which wildcards count where the element
	// has them.
	Text PartKind = iota
	// Literal is an escaped character: ${*}, ${?} or ${$}.
	Literal
	// Variable stands for the value of a condition key.
	Variable
)

// Part is a piece of a string with policy variables.
type Part struct {
	Kind PartKind
	// Text is the text of a Text or Literal part and the default of a Variable.
	Text string
	// Key is the condition key of a Variable, in lower case.
	Key string
	// HasDefault tells a Variable with an empty default from one without.
	HasDefault bool
}

// The ways in which a policy variable can be malformed.
var (
	ErrEmptyVariable    = errors.New("a policy variable without a name")
	ErrMissingBrace     = errors.New("a policy variable without its closing brace")
	ErrMissingQuote     = errors.New("the default of a policy variable is not in single quotes after a comma and one space")
	ErrUnsupportedSpace = errors.New("white space in the name of a policy variable")
	errNestedVariable   = errors.New("a policy variable inside another")
	variableCodes       = map[error]string{
		ErrEmptyVariable:    "EMPTY_VARIABLE",
		ErrMissingBrace:     "MISSING_BRACE_IN_VARIABLE",
		ErrMissingQuote:     "MISSING_QUOTE_IN_VARIABLE",
		ErrUnsupportedSpace: "UNSUPPORTED_SPACE_IN_VARIABLE",
		errNestedVariable:   "MISSING_BRACE_IN_VARIABLE",
	}
)

// ParseTemplate splits a string of a document that HasVariables into its
// parts. A malformed variable makes the whole string unusable.
func ParseTemplate(s string) ([]Part, error) {
	var parts []Part
	for s != "" {
		text, rest, found := strings.Cut(s, "${")
		if text != "" {
			parts = append(parts, Part{Kind: Text, Text: text})
		}
		if !found {
			break
		}
		part, n, err := variable(rest)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		s = rest[n:]
	}
	return parts, nil
}

// variable reads what follows "${" and tells how long it is, brace included.
func variable(s string) (Part, int, error) {
	if len(s) > 1 && s[1] == '}' && strings.IndexByte("*?$", s[0]) >= 0 {
		return Part{Kind: Literal, Text: s[:1]}, 2, nil
	}
	n := strings.IndexAny(s, "},")
	if n < 0 {
		return Part{}, 0, ErrMissingBrace
	}
	name := s[:n]
	switch {
	case name == "":
		return Part{}, 0, ErrEmptyVariable
	case strings.Contains(name, "${"):
		return Part{}, 0, errNestedVariable
	case strings.ContainsAny(name, " \t\r\n"):
		return Part{}, 0, ErrUnsupportedSpace
	}
	part := Part{Kind: Variable, Key: strings.ToLower(name)}
	if s[n] == '}' {
		return part, n + 1, nil
	}
	quoted, ok := strings.CutPrefix(s[n:], ", '")
	if !ok {
		return Part{}, 0, ErrMissingQuote
	}
	text, after, ok := strings.Cut(quoted, "'")
	switch {
	case !ok:
		return Part{}, 0, ErrMissingQuote
	case !strings.HasPrefix(after, "}"):
		return Part{}, 0, ErrMissingBrace
	}
	part.Text, part.HasDefault = text, true
	return part, n + len(", '") + len(text) + len("'}"), nil
}
