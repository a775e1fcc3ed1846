package wire

import (
	"strconv"
	"strings"
)

// ValidHost tells whether s can be an authority: a name or an IP literal, a
// port, and nothing that a second reader could split in another way.
func ValidHost(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"#%,/<>?@\^{|}`+"`", c) >= 0 {
			return false
		}
	}
	return true
}

// OtherHost is the one other way to write Host that names the same endpoint,
// "" if there is none: a Host without port with the door's port, and a Host
// with the default port of the scheme without it (RFC 9110, section 4.2.3).
// Clients sign a port unless it is the default, and what stands before a door
// may have taken it away or added it. The name is the same in both, and it
// alone chooses route and bucket: whichever of the two was signed, the request
// means the same.
func (r *Request) OtherHost() string {
	name, port, ok := splitPort(r.Host)
	switch {
	case !ok:
		return ""
	case port == "" && r.Port != 0:
		return r.Host + ":" + strconv.Itoa(int(r.Port))
	case port == "80" && r.Scheme == "http", port == "443" && r.Scheme == "https":
		return name
	}
	return ""
}

// splitPort splits an authority that has one reading: a name without colons or
// an IP literal in brackets, alone or with a port of digits.
func splitPort(authority string) (name, port string, ok bool) {
	name, rest := authority, ""
	if strings.HasPrefix(authority, "[") {
		end := strings.IndexByte(authority, ']')
		if end < 0 {
			return "", "", false
		}
		name, rest = authority[:end+1], authority[end+1:]
	} else if i := strings.IndexByte(authority, ':'); i >= 0 {
		name, rest = authority[:i], authority[i:]
	}
	if name == "" {
		return "", "", false
	}
	if rest == "" {
		return name, "", true
	}
	number, err := strconv.ParseUint(strings.TrimPrefix(rest, ":"), 10, 16)
	port = strconv.FormatUint(number, 10)
	return name, port, err == nil && rest == ":"+port
}
