package config

import (
	"fmt"
	"io/fs"
	"math"
	"net"
	"net/netip"
	"net/url"
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

// listen is where a door listens: an address, or a Unix socket.
func listen(into *string) value {
	at := address(into, "").(scalar[string])
	parse := at.parse
	at.parse = func(d *decoder, text string) (string, *misfit) {
		file, socket := strings.CutPrefix(text, UnixPrefix)
		if !socket {
			return parse(d, text)
		}
		if file = d.path(file); strings.ContainsRune(file, 0) || len(file) > maxSocketPath || strings.HasSuffix(text, ":") || strings.HasSuffix(text, "/") {
			return "", &misfit{message: "names no socket", remedy: fmt.Sprintf("write unix: and a path of at most %d bytes, for example unix:/run/sallyport/authz.sock", maxSocketPath)}
		}
		return UnixPrefix + file, nil
	}
	return at
}

// maxSocketPath is what fits into the address of a socket beside the name that
// it is made under.
const maxSocketPath = 90

// address is where a listener listens.
func address(into *string, fallback string) value {
	const example = "127.0.0.1:9000"
	return scalar[string]{into: into, kind: "address", example: example, fallback: fallback, parse: func(_ *decoder, text string) (string, *misfit) {
		host, port, err := net.SplitHostPort(text)
		if err != nil {
			return "", &misfit{remedy: "write HOST:PORT, for example " + example + ", or :9000 for every interface"}
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
			return "", &misfit{message: "has no port from 0 to 65535", remedy: "write for example " + example}
		}
		if host != "" && !isAddress(host) && !isDomain(host) {
			return "", &misfit{message: "has no IP address or host name before the port", remedy: "write for example " + example}
		}
		return text, nil
	}}
}

// prefix is a network of addresses; a single address is a network of one.
func prefix(into *netip.Prefix) value {
	return scalar[netip.Prefix]{into: into, kind: "network", example: "10.0.0.0/8", parse: func(_ *decoder, text string) (netip.Prefix, *misfit) {
		if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
			return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return netip.Prefix{}, &misfit{}
		}
		if p.Addr().Is4In6() {
			return netip.Prefix{}, &misfit{message: "is an IPv4 network written as IPv6", remedy: "write it as IPv4, for example 10.0.0.0/8"}
		}
		if p != p.Masked() {
			return netip.Prefix{}, &misfit{message: "has bits beyond its length", remedy: "write " + p.Masked().String()}
		}
		return p, nil
	}}
}

// endpoint is the base URL of a store.
func endpoint(into **url.URL) value {
	const example = "http://127.0.0.1:7070"
	return scalar[*url.URL]{into: into, kind: "URL", example: example, parse: func(_ *decoder, text string) (*url.URL, *misfit) {
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Opaque != "":
			return nil, &misfit{secret: strings.Contains(text, "@")}
		case u.Scheme != "http" && u.Scheme != "https":
			return nil, &misfit{message: "does not begin with http:// or https://"}
		case u.User != nil:
			return nil, &misfit{message: "holds a user or password", remedy: "put credentials under credentials", secret: true}
		case strings.Contains(u.Host, "%"):
			return nil, &misfit{message: "has a zone, which a Host header cannot hold", remedy: "write an address without %"}
		case !isAddress(u.Hostname()) && !isDomain(u.Hostname()):
			return nil, &misfit{message: "names no host"}
		case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			return nil, &misfit{message: "has more than scheme, host and port", remedy: "write " + u.Scheme + "://" + u.Host}
		}
		if port := u.Port(); port != "" {
			if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
				return nil, &misfit{message: "has no port from 1 to 65535"}
			}
		} else if strings.HasSuffix(u.Host, ":") {
			return nil, &misfit{message: "has a colon without a port"}
		}
		return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
	}}
}

// host is the name of an endpoint as clients write it, without port; it is kept
// in lower case, and IPv6 addresses in brackets.
func host(into *string) value {
	return scalar[string]{into: into, kind: "host", example: "s3.example.com", parse: func(_ *decoder, text string) (string, *misfit) {
		inner := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
		if a, err := netip.ParseAddr(inner); err == nil && a.Zone() == "" {
			if a.Is6() {
				return "[" + a.String() + "]", nil
			}
			if inner == text {
				return text, nil
			}
		}
		return domainName(text)
	}}
}

// domain is the name below which bucket names are host names.
func domain(into *string) value {
	return scalar[string]{into: into, kind: "domain", example: "s3.example.com", parse: func(_ *decoder, text string) (string, *misfit) {
		if isAddress(text) {
			return "", &misfit{message: "is an IP address, which has no names below it", remedy: "write a domain, and hosts for the address"}
		}
		return domainName(text)
	}}
}

func domainName(text string) (string, *misfit) {
	switch {
	case strings.Contains(text, "://"):
		return "", &misfit{message: "is a URL, not a host", remedy: "write the host alone, for example s3.example.com"}
	case strings.HasPrefix(text, "*."):
		return "", &misfit{message: "begins with a wildcard", remedy: "write " + text[2:] + " under virtual_hosts"}
	}
	if name, port, err := net.SplitHostPort(text); err == nil && port != "" {
		return "", &misfit{message: "has a port, which is ignored when hosts are compared", remedy: "write " + name}
	}
	if !isDomain(text) {
		return "", &misfit{message: "is not a host name"}
	}
	return strings.ToLower(text), nil
}

// origin is where a page is from, in which one "*" is a wildcard.
func origin(into *string) value {
	return scalar[string]{into: into, kind: "origin", example: "https://app.example.com", parse: func(_ *decoder, text string) (string, *misfit) {
		if text == "*" || text == "null" {
			return text, nil
		}
		if strings.Count(text, "*") > 1 {
			return "", &misfit{message: "has more than one wildcard", remedy: "write an origin for each"}
		}
		u, err := url.Parse(strings.Replace(text, "*", "wildcard", 1))
		if err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
			return "", &misfit{remedy: "write scheme and host, for example https://app.example.com, without a path"}
		}
		return strings.ToLower(text), nil
	}}
}

// headerName is the name of a header field, in which one "*" may be a wildcard.
func headerName(into *string, wild bool) value {
	return scalar[string]{into: into, kind: "header name", example: "x-amz-date", parse: func(_ *decoder, text string) (string, *misfit) {
		name := text
		if wild && strings.Count(text, "*") <= 1 {
			name = strings.Replace(text, "*", "x", 1)
		}
		if name == "" || strings.Contains(name, "*") || !madeOf(name, isLower, isUpper, isDigit, isOneOf("!#$%&'+-.^_`|~")) {
			return "", &misfit{remedy: "write the name of a header, for example x-amz-date"}
		}
		return text, nil
	}}
}

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

// urlPath is a path that a request is compared with, byte for byte.
func urlPath(into *string) value {
	const example = "/-/healthy"
	return scalar[string]{into: into, kind: "URL path", example: example, parse: func(_ *decoder, text string) (string, *misfit) {
		switch {
		case !strings.HasPrefix(text, "/"):
			return "", &misfit{message: "does not begin with /"}
		case text == "/":
			return "", &misfit{message: "would hide the listing of buckets"}
		case !madeOf(text, isLower, isUpper, isDigit, isOneOf("/-._~")):
			return "", &misfit{message: "holds more than letters, digits, / - . _ and ~"}
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

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// isDomain tells whether a text is a host name of RFC 1123, which is not all
// digits and dots as a mistyped address would be.
func isDomain(text string) bool {
	if len(text) > 253 || madeOf(text, isDigit, isOneOf(".")) {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if len(label) > 63 || !madeOf(label, isLower, isUpper, isDigit, isOneOf("-")) || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}
