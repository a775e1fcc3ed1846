package config

import (
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
)

// text is any text but the empty one.
func text(into *string, kind, example string) value {
	return scalar[string]{into: into, kind: kind, example: example, parse: func(_ *decoder, text string) (string, *misfit) {
		if text == "" {
			return "", &misfit{message: "is empty"}
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", &misfit{message: "holds a control character", remedy: "remove it"}
		}
		return text, nil
	}}
}

// name is the name of a thing of the file: it appears in logs, metrics and the
// bundle.
func name(into *string) value {
	return scalar[string]{into: into, kind: "name", example: "main", parse: func(_ *decoder, text string) (string, *misfit) {
		if len(text) > 63 || !madeOf(text, isLower, isDigit, isOneOf("-")) || !isLower(text[0]) && !isDigit(text[0]) {
			return "", &misfit{remedy: "use up to 63 lower-case letters, digits and -, beginning with a letter or digit"}
		}
		return text, nil
	}}
}

// word is one of a few words.
func word[T ~string](into *T, fallback string, words ...T) value {
	var all []string
	for _, w := range words {
		all = append(all, string(w))
	}
	list := strings.Join(all, ", ")
	return scalar[T]{into: into, kind: "one of " + list, example: all[0], fallback: fallback, parse: func(_ *decoder, text string) (T, *misfit) {
		if !slices.Contains(all, text) {
			remedy := "write one of " + list
			if near := nearest(text, all); near != "" {
				remedy = "did you mean " + near + "? Known are " + list
			}
			return "", &misfit{remedy: remedy}
		}
		return T(text), nil
	}}
}

// hidden is a secret, which no message shows.
func hidden(into *secret.Value, example string) value {
	return scalar[secret.Value]{into: into, kind: "secret text", example: example, parse: func(_ *decoder, text string) (secret.Value, *misfit) {
		return secret.New(text), nil
	}}
}

// path is a file or directory; relative ones are taken from the directory of
// the configuration file.
func path(into *string, example string) value {
	return scalar[string]{into: into, kind: "path", example: example, parse: func(d *decoder, text string) (string, *misfit) {
		if text == "" || strings.ContainsRune(text, 0) {
			return "", &misfit{}
		}
		return d.path(text), nil
	}}
}

// auditOutput is a stream of the process or a file, whose path is never one of
// the streams' names.
func auditOutput(into *string) value {
	return scalar[string]{into: into, kind: "stdout, stderr, none or path", example: AuditStdout, fallback: AuditStdout, parse: func(d *decoder, text string) (string, *misfit) {
		switch {
		case text == AuditStdout, text == AuditStderr, text == AuditNone:
			return text, nil
		case text == "", strings.ContainsRune(text, 0):
			return "", &misfit{}
		}
		file := d.path(text)
		if !strings.ContainsRune(file, filepath.Separator) {
			file = "." + string(filepath.Separator) + file
		}
		return file, nil
	}}
}

// duration is a length of time between two bounds.
func duration(into *time.Duration, fallback string, least, most time.Duration) value {
	return scalar[time.Duration]{into: into, kind: "duration", example: "30s", fallback: fallback, number: true, parse: func(_ *decoder, text string) (time.Duration, *misfit) {
		v, err := time.ParseDuration(text)
		if err != nil {
			if _, err := strconv.ParseFloat(text, 64); err == nil {
				return 0, &misfit{message: "has no unit", remedy: "write " + text + "s for seconds, " + text + "ms for milliseconds"}
			}
			return 0, &misfit{remedy: "write a number and a unit, for example 250ms, 30s or 2m"}
		}
		if v < least || v > most {
			return 0, &misfit{message: "is out of range", remedy: fmt.Sprintf("write a duration from %s to %s", short(least), short(most))}
		}
		return v, nil
	}}
}

// short is a duration without zero parts at its end.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

var sizeUnits = []struct {
	suffix string
	shift  uint
}{{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}, {"B", 0}, {"", 0}}

// size is a number of bytes between two bounds.
func size(into *int64, fallback string, least, most int64) value {
	return scalar[int64]{into: into, kind: "size", example: "64KiB", fallback: fallback, number: true, parse: func(_ *decoder, text string) (int64, *misfit) {
		for _, unit := range sizeUnits {
			digits, ok := strings.CutSuffix(text, unit.suffix)
			if !ok {
				continue
			}
			if !madeOf(digits, isDigit) {
				break
			}
			v, err := strconv.ParseInt(digits, 10, 64)
			if err != nil || v > math.MaxInt64>>unit.shift || v<<unit.shift < least || v<<unit.shift > most {
				return 0, &misfit{message: "is out of range", remedy: fmt.Sprintf("write a size from %s to %s", sizeText(least), sizeText(most))}
			}
			return v << unit.shift, nil
		}
		return 0, &misfit{remedy: "write whole bytes, or a whole number and KiB, MiB, GiB or TiB"}
	}}
}

// sizeText is a number of bytes in its greatest whole unit.
func sizeText(n int64) string {
	for _, unit := range slices.Backward(sizeUnits[:4]) {
		if n > 0 && n%(1<<unit.shift) == 0 {
			return strconv.FormatInt(n>>unit.shift, 10) + unit.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

// count is a whole number of things between two bounds.
func count(into *int, fallback string, least, most int) value {
	return scalar[int]{into: into, kind: "number", example: "1000", fallback: fallback, number: true, parse: func(_ *decoder, text string) (int, *misfit) {
		v, err := strconv.Atoi(text)
		if err != nil || v < least || v > most || !madeOf(text, isDigit) {
			return 0, &misfit{message: "is not a whole number in range", remedy: fmt.Sprintf("write a number from %d to %d", least, most)}
		}
		return v, nil
	}}
}

// mode is the permissions of a file, in octal.
func mode(into *fs.FileMode, fallback string) value {
	return scalar[fs.FileMode]{into: into, kind: "octal mode", example: `"0660"`, fallback: fallback, number: true, parse: func(_ *decoder, text string) (fs.FileMode, *misfit) {
		bits, err := strconv.ParseUint(text, 8, 32)
		if err != nil || bits > 0o777 || len(text) > 4 {
			return 0, &misfit{}
		}
		return fs.FileMode(bits), nil
	}}
}

// maxSocketPath is what fits into the address of a socket beside the name that
// it is made under.
const maxSocketPath = 90

// account is an AWS account id.
func account(into *string) value {
	return scalar[string]{into: into, kind: "account id", example: `"111122223333"`, parse: func(_ *decoder, text string) (string, *misfit) {
		if len(text) != 12 || !madeOf(text, isDigit) {
			return "", &misfit{remedy: `write the 12 digits in quotes, for example "111122223333"`}
		}
		return text, nil
	}}
}

// principal is the ARN of a user or role, or an account id.
func principal(into *string) value {
	return scalar[string]{into: into, kind: "principal", example: "arn:aws:iam::111122223333:user/alice", parse: func(_ *decoder, text string) (string, *misfit) {
		id := text
		if rest, arn := strings.CutPrefix(text, "arn:aws:iam::"); arn {
			var name string
			id, name, _ = strings.Cut(rest, ":")
			kind, _, _ := strings.Cut(name, "/")
			if kind != "user" && kind != "role" || strings.HasSuffix(name, "/") || !strings.Contains(name, "/") || strings.ContainsAny(name, "*?") {
				return "", &misfit{remedy: "write the ARN of one user or role, for example arn:aws:iam::111122223333:user/alice"}
			}
		}
		if len(id) != 12 || !madeOf(id, isDigit) {
			return "", &misfit{remedy: `write the ARN of a user or role, or the 12 digits of an account in quotes`}
		}
		return text, nil
	}}
}

// region is a region's name as it stands in a credential scope.
func region(into *string, fallback string) value {
	return scalar[string]{into: into, kind: "region", example: "us-east-1", fallback: fallback, parse: func(_ *decoder, text string) (string, *misfit) {
		if len(text) > 63 || !madeOf(text, isLower, isUpper, isDigit, isOneOf("-_")) {
			return "", &misfit{remedy: "use letters, digits, - and _, for example us-east-1"}
		}
		return text, nil
	}}
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isOneOf(set string) func(byte) bool {
	return func(c byte) bool { return strings.IndexByte(set, c) >= 0 }
}

// madeOf tells whether a text is not empty and each of its bytes is of one of
// the classes.
func madeOf(text string, classes ...func(byte) bool) bool {
	for i := range len(text) {
		if !slices.ContainsFunc(classes, func(class func(byte) bool) bool { return class(text[i]) }) {
			return false
		}
	}
	return text != ""
}
