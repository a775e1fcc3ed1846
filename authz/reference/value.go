package reference

import (
	"encoding/base64"
	"math/big"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

func boolean(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true":
		return true, len(s) == 4
	case "false":
		return false, len(s) == 5
	}
	return false, false
}

var numberForm = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)

func number(s string) (*big.Rat, bool) {
	if !numberForm.MatchString(s) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

var (
	epochForm = regexp.MustCompile(`^-?[0-9]+$`)
	dateForms = []struct {
		form   *regexp.Regexp
		layout string
	}{
		{regexp.MustCompile(`^\d{4}-\d\d$`), "2006-01"},
		{regexp.MustCompile(`^\d{4}-\d\d-\d\d$`), "2006-01-02"},
		{regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d(Z|[+-]\d\d:\d\d)$`), "2006-01-02T15:04Z07:00"},
		{regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$`), "2006-01-02T15:04:05Z07:00"},
		{regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(Z|[+-]\d\d:\d\d)$`), "2006-01-02T15:04:05.999999999Z07:00"},
	}
)

func date(s string) (time.Time, bool) {
	if epochForm.MatchString(s) {
		seconds, err := strconv.ParseInt(s, 10, 64)
		const most = 1 << 61
		return time.Unix(seconds, 0), err == nil && seconds < most && seconds > -most
	}
	for _, f := range dateForms {
		if f.form.MatchString(s) {
			t, err := time.Parse(f.layout, s)
			return t, err == nil && offsetInDay(s)
		}
	}
	return time.Time{}, false
}

// offsetInDay tells whether the zone of a date is less than a day away.
func offsetInDay(s string) bool {
	if len(s) < 17 || strings.HasSuffix(s, "Z") {
		return true
	}
	zone := s[len(s)-5:]
	return zone[:2] <= "23" && zone[3:] <= "59"
}

func binary(s string) (string, bool) {
	if strings.ContainsAny(s, "\n\r") {
		return "", false
	}
	b, err := base64.StdEncoding.DecodeString(s)
	return string(b), err == nil
}

// bits is a network: the leading bits that its addresses share, as a text of
// zeros and ones.
type bits struct {
	v4     bool
	prefix string
}

func (b bits) contains(a bits) bool {
	return a.v4 == b.v4 && strings.HasPrefix(a.prefix, b.prefix)
}

var lengthForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,2})$`)

func network(s string) (bits, bool) {
	address, length, slash := strings.Cut(s, "/")
	ip := net.ParseIP(address)
	if ip == nil {
		return bits{}, false
	}
	b := bits{v4: !strings.Contains(address, ":")}
	if b.v4 {
		ip = ip.To4()
	}
	n := len(ip) * 8
	if slash {
		if !lengthForm.MatchString(length) {
			return bits{}, false
		}
		asked, err := strconv.Atoi(length)
		if err != nil || asked > n {
			return bits{}, false
		}
		n = asked
	}
	for _, octet := range ip {
		b.prefix += strconv.FormatInt(int64(octet)+256, 2)[1:]
	}
	b.prefix = b.prefix[:n]
	// IPv4 in IPv6 form is IPv4.
	mapped := strings.Repeat("0", 80) + strings.Repeat("1", 16)
	if rest, ok := strings.CutPrefix(b.prefix, mapped); ok && !b.v4 {
		return bits{v4: true, prefix: rest}, true
	}
	return b, true
}

// folded maps each character to the least of those that differ from it in case
// alone.
func folded(s string) string {
	out := ""
	for _, c := range characters(s) {
		r, n := utf8.DecodeRuneInString(c)
		if r == utf8.RuneError && n == 1 {
			out += c
			continue
		}
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		out += string(least)
	}
	return out
}
