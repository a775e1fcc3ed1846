package policy

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// ParseBool reads true or false, in any case.
func ParseBool(s string) (value, ok bool) {
	return equalASCII(s, "true"), equalASCII(s, "true") || equalASCII(s, "false")
}

// equalASCII compares s with a word in lower case. Only ASCII letters have
// case here: strings.EqualFold takes "falſe" for "false".
func equalASCII(s, word string) bool {
	if len(s) != len(word) {
		return false
	}
	for i := range len(s) {
		if lower(s[i]) != word[i] {
			return false
		}
	}
	return true
}

// ParseDate reads an instant: epoch seconds, or one of the W3C's forms of ISO
// 8601 from YYYY-MM down to a fraction of up to nine digits. What a form leaves
// out is the beginning of the period, in UTC. Four digits alone are seconds,
// not a year.
func ParseDate(s string) (time.Time, bool) {
	if rest := strings.TrimPrefix(s, "-"); digits(rest) == len(rest) && rest != "" {
		seconds, err := strconv.ParseInt(s, 10, 64)
		// Outside of these bounds time.Time wraps around.
		const bound = 1 << 61
		return time.Unix(seconds, 0), err == nil && -bound < seconds && seconds < bound
	}
	f := dateFields{s: s, ok: true}
	year, day := f.number(4), 1
	f.literal('-')
	month := f.number(2)
	if f.more() {
		f.literal('-')
		day = f.number(2)
	}
	var hour, minute, second, nanosecond, offset int
	if f.more() {
		f.literal('T')
		hour = f.number(2)
		f.literal(':')
		minute = f.number(2)
		if f.ok && strings.HasPrefix(f.s, ":") {
			f.literal(':')
			second = f.number(2)
			if strings.HasPrefix(f.s, ".") {
				f.literal('.')
				nanosecond = f.fraction()
			}
		}
		offset = f.zone()
	}
	if !f.ok || f.s != "" || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, time.UTC)
	if t.Day() != day {
		return time.Time{}, false // no such day in the month
	}
	return t.Add(-time.Duration(offset) * time.Minute), true
}

// dateFields takes a date apart from the left.
type dateFields struct {
	s  string
	ok bool
}

func (f *dateFields) more() bool { return f.ok && f.s != "" }

func (f *dateFields) literal(c byte) {
	if f.ok = f.more() && f.s[0] == c; f.ok {
		f.s = f.s[1:]
	}
}

func (f *dateFields) number(width int) int {
	if f.ok = f.ok && len(f.s) >= width && digits(f.s[:width]) == width; !f.ok {
		return 0
	}
	n := 0
	for i := range width {
		n = n*10 + int(f.s[i]-'0')
	}
	f.s = f.s[width:]
	return n
}

func (f *dateFields) fraction() int {
	width := digits(f.s)
	if f.ok = f.ok && 0 < width && width <= 9; !f.ok {
		return 0
	}
	n := f.number(width)
	for range 9 - width {
		n *= 10
	}
	return n
}

// zone reads Z or ±hh:mm, as minutes east.
func (f *dateFields) zone() int {
	if !f.more() {
		f.ok = false
		return 0
	}
	sign := 0
	switch f.s[0] {
	case '+':
		sign = 1
	case '-':
		sign = -1
	}
	if sign == 0 {
		f.literal('Z')
		return 0
	}
	f.s = f.s[1:]
	hours := f.number(2)
	f.literal(':')
	minutes := f.number(2)
	f.ok = f.ok && hours <= 23 && minutes <= 59
	return sign * (hours*60 + minutes)
}

// ParsePrefix reads an IPv4 or IPv6 address with or without a prefix length.
// Without one it is the address alone. Bits behind the prefix do not count, and
// an IPv4 address in IPv6 form is the IPv4 address.
func ParsePrefix(s string) (netip.Prefix, bool) {
	var prefix netip.Prefix
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return netip.Prefix{}, false
		}
		prefix = p
	} else {
		addr, err := netip.ParseAddr(s)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, false
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	const mapped = 96
	if addr := prefix.Addr(); addr.Is4In6() && prefix.Bits() >= mapped {
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-mapped)
	}
	return prefix.Masked(), true
}

// ParseBinary decodes base64 text with its padding.
func ParseBinary(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil
}
