package bundle

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rules of names, paths, ids and tags, as IAM has them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

const (
	maxPath     = 512
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
	minID       = 16
	maxID       = 128
)

// badName says what is wrong with the name of an entity; empty if nothing is.
func badName(name string, longest int) string {
	switch i := strings.IndexFunc(name, func(c rune) bool { return !nameRune(c) }); {
	case name == "":
		return "is empty"
	case i >= 0:
		return "holds characters other than A-Z a-z 0-9 + = , . @ _ -"
	case len(name) > longest:
		return fmt.Sprintf("is longer than %d characters", longest)
	}
	return ""
}

func nameRune(c rune) bool {
	return c < utf8.RuneSelf && (alphanumeric(byte(c)) || strings.IndexByte("+=,.@_-", byte(c)) >= 0)
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// badPath says what is wrong with a path such as /division/team/.
func badPath(path string) string {
	switch {
	case !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/"):
		return "does not begin and end with /"
	case len(path) > maxPath:
		return fmt.Sprintf("is longer than %d characters", maxPath)
	case strings.Contains(path, "//"):
		return "holds //"
	case strings.IndexFunc(path, func(c rune) bool { return c <= ' ' || c >= 0x7f }) >= 0:
		return "holds characters other than printable ASCII"
	}
	return ""
}

// badID says what is wrong with a unique id.
func badID(id, prefix string) string {
	switch {
	case !strings.HasPrefix(id, prefix):
		return "does not begin with " + prefix
	case len(id) < minID || len(id) > maxID:
		return fmt.Sprintf("is not %d to %d characters long", minID, maxID)
	case strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "":
		return "holds characters other than A-Z and 0-9"
	}
	return ""
}

// badAlias says what is wrong with the alias of an account.
func badAlias(alias string) string {
	switch {
	case len(alias) < 3 || len(alias) > 63:
		return "is not 3 to 63 characters long"
	case strings.Trim(alias, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return "holds characters other than a-z 0-9 -"
	case alias[0] == '-' || alias[len(alias)-1] == '-' || strings.Contains(alias, "--"):
		return "begins or ends with -, or holds --"
	case isAccount(alias):
		return "looks like the id of an account"
	}
	return ""
}

// badBucket says what is wrong with the name of a bucket, or with a part of one.
// Stores that are older than today's rules have upper case and underscores.
func badBucket(name string) string {
	switch {
	case len(name) > 255:
		return "is longer than 255 characters"
	case strings.IndexFunc(name, func(c rune) bool {
		return c >= utf8.RuneSelf || !alphanumeric(byte(c)) && strings.IndexByte("._-", byte(c)) < 0
	}) >= 0:
		return "holds characters other than A-Z a-z 0-9 . _ -"
	}
	return ""
}

// badTag says what is wrong with the key or the value of a tag.
func badTag(s string, longest int) string {
	switch {
	case utf8.RuneCountInString(s) > longest:
		return fmt.Sprintf("is longer than %d characters", longest)
	case strings.IndexFunc(s, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsNumber(c) && !unicode.Is(unicode.Z, c) && !strings.ContainsRune("_.:/=+-@", c)
	}) >= 0:
		return "holds characters other than letters, digits, spaces and _ . : / = + - @"
	}
	return ""
}

// nearest is the known name that a name was most likely meant to be; empty if
// none is near.
func nearest(name string, known []string) string {
	const longest = 160
	if len(name) > longest {
		return ""
	}
	best, distance := "", len(name)/3+1
	for _, k := range known {
		if d := len(k) - len(name); max(d, -d) >= distance && best != "" || len(k) > longest {
			continue
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(k)); d < distance || best == "" && d == distance {
			best, distance = k, d
		}
	}
	return best
}

// editDistance counts the bytes to insert, remove or replace to make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
