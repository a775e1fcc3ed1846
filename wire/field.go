package wire

import "strings"

// IsToken tells whether s is a token of RFC 9110, section 5.6.2, as methods and
// the names of fields are.
func IsToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if tokens[s[i]] == 0 {
			return false
		}
	}
	return s != ""
}

// IsFieldName tells whether s is a token in lower case, as the names of Fields
// are.
func IsFieldName(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == 0 || tokens[c] != c {
			return false
		}
	}
	return s != ""
}

// tokens are the bytes of tokens, each with what it is in lower case.
var tokens = func() (t [256]byte) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
		t[c] = c
	}
	for c := byte('A'); c <= 'Z'; c++ {
		t[c] = c - 'A' + 'a'
	}
	return t
}()

// IsFieldValue tells whether s can be the value of a field: no control byte but
// the tab.
func IsFieldValue(s string) bool {
	for ; len(s) >= 8 && areVisible(s[:8]); s = s[8:] {
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// areVisible tells of eight bytes, all at once, that none is a control byte.
func areVisible(s string) bool {
	const each = 0x0101010101010101
	v := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	del := v ^ each*0x7f
	return ((v-each*' ')&^v|(del-each)&^del)&(each*0x80) == 0
}

// FieldValue is the value of the field name as the field keeps it, without the
// blanks around it. It refuses a value with a control character, and one that
// some servers would trim further before they verify a signature.
func FieldValue(name, sent string) (string, *Refusal) {
	if !IsFieldValue(sent) {
		return "", invalid("The value of the header " + name + " holds a control character.")
	}
	value := sent
	for value != "" && isBlank(value[0]) {
		value = value[1:]
	}
	for value != "" && isBlank(value[len(value)-1]) {
		value = value[:len(value)-1]
	}
	if value == "" || isVisible(value[0]) && isVisible(value[len(value)-1]) {
		return value, nil
	}
	if strings.TrimSpace(value) != value {
		return "", invalid("The value of the header " + name + " begins or ends with white space other than spaces and tabs.")
	}
	return value, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// isVisible tells of a byte that it is no white space, nor a part of any.
func isVisible(c byte) bool { return ' ' < c && c < 0x7f }

// CheckConnection refuses what makes a header mean one thing to this hop and
// another to the next: fields declared to be this hop's alone, which a proxy
// must strip even if they are signed, a change of protocol, and repeats of the
// one field that net/http would send once.
func (f Fields) CheckConnection() *Refusal {
	agents := 0
	for i := range f {
		switch f[i].Name {
		case "connection":
			if namesFields(f[i].Value) {
				return invalid("The Connection header names other headers, which is not supported.")
			}
		case "upgrade":
			return &Refusal{
				Status:  501,
				Code:    "NotImplemented",
				Message: "A header you provided implies functionality that is not implemented.",
				Detail:  []Element{{Name: "Header", Value: "Upgrade"}},
				Close:   true,
			}
		case "user-agent":
			if agents++; agents > 1 {
				return invalid("The User-Agent header was sent more than once.")
			}
		}
	}
	return nil
}

// namesFields tells whether a value of Connection has more than options of the
// connection.
func namesFields(connection string) bool {
	for token := range strings.SplitSeq(connection, ",") {
		switch strings.ToLower(strings.Trim(token, " \t")) {
		case "", "close", "keep-alive", "te", "upgrade":
		default:
			return true
		}
	}
	return false
}

func invalid(message string) *Refusal {
	return &Refusal{Status: 400, Code: "InvalidRequest", Message: message}
}
