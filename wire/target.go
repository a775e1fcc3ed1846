package wire

import (
	"fmt"
	"strings"
)

// ParseTarget splits an origin-form request target at its first "?". It
// refuses what has more than one reading: controls, raw bytes outside ASCII,
// "#", and invalid percent-escapes.
func ParseTarget(target string) (path, rawQuery string, hasQuery bool, refusal *Refusal) {
	if target == "" || target[0] != '/' {
		return "", "", false, badURI("the request target does not begin with /")
	}
	if refusal := CheckTarget(target); refusal != nil {
		return "", "", false, refusal
	}
	path, rawQuery, hasQuery = strings.Cut(target, "?")
	return path, rawQuery, hasQuery, nil
}

// CheckTarget refuses a part of a request target as ParseTarget does.
func CheckTarget(part string) *Refusal {
	for i := 0; i < len(part); i++ {
		c := part[i]
		switch {
		case c <= ' ' || c >= 0x7f:
			return badURI(fmt.Sprintf("byte %d of the request target is not printable ASCII: percent-encode it", i))
		case c == '#':
			return badURI("the request target holds a #: percent-encode it as %23")
		case c == '%' && !isEscape(part[i:]):
			return badURI(fmt.Sprintf("byte %d of the request target begins an invalid percent-escape", i))
		}
	}
	return nil
}

// OriginForm is a request target without the scheme and the authority that an
// absolute-form target begins with. Both must be those of the request: host is
// its Host field, scheme that of its connection.
func OriginForm(method, target, host, scheme string) (string, *Refusal) {
	if method == "CONNECT" {
		return "", &Refusal{
			Status:  405,
			Code:    "MethodNotAllowed",
			Message: "The specified method is not allowed against this resource.",
			Detail:  []Element{{Name: "Method", Value: method}},
			Close:   true,
		}
	}
	if !ValidHost(host) {
		return "", invalid("The Host header is missing or malformed.")
	}
	if target == "*" {
		return "", badURI("a request target of * names no resource")
	}
	if strings.HasPrefix(target, "/") {
		return target, nil
	}
	named, rest, ok := strings.Cut(target, "://")
	if !ok || !strings.EqualFold(named, "http") && !strings.EqualFold(named, "https") {
		return "", badURI("the request target is neither a path nor an http URL")
	}
	if !strings.EqualFold(named, scheme) {
		return "", badURI("the request target names another scheme than the connection has")
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		return "", badURI("the request target has no path")
	}
	if rest[:end] != host {
		return "", badURI("the request target names another authority than the Host header")
	}
	return rest[end:], nil
}
