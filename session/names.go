package session

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// The lengths of names, in characters.
const (
	minName          = 2
	maxName          = 64
	maxFederatedName = 32
	minExternalID    = 2
	maxExternalID    = 1224
)

// isName tells whether a text can name a session, a source identity or a federated
// user: of [\w+=,.@-].
func isName(s string, most int) bool {
	return len(s) >= minName && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return !isNameRune(r) })
}

func isNameRune(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return true
	}
	return strings.ContainsRune("_+=,.@-", r)
}

// isExternalID tells whether a text is of [\w+=,.@:/-].
func isExternalID(s string) bool {
	return len(s) >= minExternalID && len(s) <= maxExternalID &&
		!strings.ContainsFunc(s, func(r rune) bool { return !isNameRune(r) && r != ':' && r != '/' })
}

// digestDigits is how many hex digits of its digest stand in the name that is made
// of a value.
const digestDigits = 16

// nameOf makes a name of a value that others chose, such as a claim. A value that
// can be one stays as it is. Another becomes its own first characters, and a digest
// of it; so does one that looks as if it had been made so, in order that no two
// values have one name.
func nameOf(value string) string {
	if isName(value, maxName) && !endsInDigest(value) {
		return value
	}
	var b strings.Builder
	for _, r := range value {
		if b.Len() == maxName-1-digestDigits {
			break
		}
		if isNameRune(r) {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	digest := sha256.Sum256([]byte(value))
	return b.String() + "-" + hex.EncodeToString(digest[:digestDigits/2])
}

func endsInDigest(s string) bool {
	i := len(s) - digestDigits
	return i > 0 && s[i-1] == '-' && strings.Trim(s[i:], "0123456789abcdef") == ""
}

func percentage(n int) string { return strconv.Itoa(n) + "%" }
