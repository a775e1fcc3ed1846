package policy

import (
	"strconv"
	"strings"
)

// Number is a decimal number of any size and precision.
type Number struct {
	negative bool
	// whole has no leading zeros and fraction no trailing ones: both are empty
	// for zero, which is not negative.
	whole, fraction string
}

// String is the number in decimal, without what changes nothing: equal numbers
// have equal texts.
func (n Number) String() string {
	text := n.whole
	if text == "" {
		text = "0"
	}
	if n.fraction != "" {
		text += "." + n.fraction
	}
	if n.negative {
		text = "-" + text
	}
	return text
}

// Clone is the number without the text that it was read from.
func (n Number) Clone() Number {
	n.whole, n.fraction = strings.Clone(n.whole), strings.Clone(n.fraction)
	return n
}

// ParseNumber reads an integer or a decimal with an optional sign.
func ParseNumber(s string) (Number, bool) {
	var n Number
	if s != "" && (s[0] == '-' || s[0] == '+') {
		n.negative = s[0] == '-'
		s = s[1:]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "" && fraction == "" || digits(whole) < len(whole) || digits(fraction) < len(fraction) {
		return Number{}, false
	}
	n.whole = strings.TrimLeft(whole, "0")
	n.fraction = strings.TrimRight(fraction, "0")
	n.negative = n.negative && (n.whole != "" || n.fraction != "")
	return n, true
}

// Compare is negative, zero or positive as n is less than, equal to or greater
// than m.
func (n Number) Compare(m Number) int {
	if n.negative != m.negative {
		if n.negative {
			return -1
		}
		return 1
	}
	if n.negative {
		n, m = m, n
	}
	if d := len(n.whole) - len(m.whole); d != 0 {
		return d
	}
	if d := strings.Compare(n.whole, m.whole); d != 0 {
		return d
	}
	return strings.Compare(n.fraction, m.fraction)
}

// CompareInt is Compare with an integer.
func (n Number) CompareInt(v int64) int {
	var buffer [20]byte
	text := strconv.AppendInt(buffer[:0], v, 10)
	negative := text[0] == '-'
	if negative {
		text = text[1:]
	}
	if v == 0 {
		text = nil
	}
	if n.negative != negative {
		if n.negative {
			return -1
		}
		return 1
	}
	d := len(n.whole) - len(text)
	for i := 0; d == 0 && i < len(text); i++ {
		d = int(n.whole[i]) - int(text[i])
	}
	if d == 0 {
		d = len(n.fraction)
	}
	if negative {
		return -d
	}
	return d
}
