package oidc

import (
	"errors"
	"fmt"
)

// Error is why a token is not accepted, or could not be verified.
type Error struct {
	// Kind is the class of it.
	Kind Kind
	// Cause is for the operator; it holds nothing of the token but names.
	Cause string
}

func (e *Error) Error() string { return e.Cause }

// Is tells errors of one kind apart from others: ErrMalformed is every error of
// the kind Malformed.
func (e *Error) Is(target error) bool {
	other, ok := errors.AsType[*Error](target)
	return ok && other.Kind == e.Kind
}

// Kind is a class of errors, for the answer in AWS's words.
type Kind uint8

// The classes.
const (
	// Malformed: no JSON Web Token, or one without what it must have.
	Malformed Kind = iota
	// Untrusted: the signature, algorithm, issuer, or audience is wrong.
	Untrusted
	// Expired: it is over.
	Expired
	// NotYet: it is not valid yet.
	NotYet
	// Unreachable: the provider's keys could not be had. It may be tried again.
	Unreachable

	kinds = iota
)

var kindNames = [...]string{
	Malformed:   "malformed",
	Untrusted:   "untrusted",
	Expired:     "expired",
	NotYet:      "not_yet_valid",
	Unreachable: "unreachable",
}

// String is the kind's name as a label.
func (k Kind) String() string { return kindNames[k] }

// ErrMalformed is what is no token at all.
var ErrMalformed error = &Error{Kind: Malformed, Cause: "no JSON Web Token"}

func malformed(format string, args ...any) error {
	return &Error{Kind: Malformed, Cause: fmt.Sprintf(format, args...)}
}

func untrusted(format string, args ...any) error {
	return &Error{Kind: Untrusted, Cause: fmt.Sprintf(format, args...)}
}

func unreachable(issuer string, err error) error {
	return &Error{Kind: Unreachable, Cause: fmt.Sprintf("the keys of %s could not be had: %v", name(issuer), err)}
}

// name makes a name from outside fit for a message: quoted and short.
func name(text string) string {
	const most = 100
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}
