package wire

import (
	"fmt"
	"strings"
)

// Param is one parameter of a query, in the order sent.
type Param struct {
	// RawName and RawValue are as sent; RawValue is empty without "=".
	RawName, RawValue string
	// Name and Value are percent-decoded once.
	Name, Value string
	// HasValue tells "?acl=" from "?acl".
	HasValue bool
}

// Query is a parsed query.
type Query []Param

// Lookup returns the first parameter of that decoded name. Names are compared
// with case.
func (q Query) Lookup(name string) (Param, bool) {
	for i := range q {
		if q[i].Name == name {
			return q[i], true
		}
	}
	return Param{}, false
}

// Get returns the decoded value of the first parameter of that name, or "".
func (q Query) Get(name string) string {
	p, _ := q.Lookup(name)
	return p.Value
}

// Has tells whether a parameter of that name was sent, with or without value.
func (q Query) Has(name string) bool {
	_, ok := q.Lookup(name)
	return ok
}

// Count returns how many parameters of that name were sent.
func (q Query) Count(name string) int {
	n := 0
	for i := range q {
		if q[i].Name == name {
			n++
		}
	}
	return n
}

// RemoveParams removes the parameters whose decoded names drop picks. Every
// other byte of the query stays as it was sent. A changed Query is a new one.
func (r *Request) RemoveParams(drop func(name string) bool) {
	found := false
	for i := range r.Query {
		found = found || drop(r.Query[i].Name)
	}
	if !found {
		return
	}
	query := make(Query, 0, len(r.Query))
	for _, param := range r.Query {
		if !drop(param.Name) {
			query = append(query, param)
		}
	}
	var raw strings.Builder
	raw.Grow(len(r.RawQuery))
	first := true
	for piece := range strings.SplitSeq(r.RawQuery, "&") {
		rawName, _, _ := strings.Cut(piece, "=")
		if name, ok := Unescape(rawName); ok && piece != "" && drop(name) {
			continue
		}
		if !first {
			raw.WriteByte('&')
		}
		first = false
		raw.WriteString(piece)
	}
	r.Query, r.RawQuery = query, raw.String()
	r.HasQuery = r.RawQuery != ""
}

// MaxParams bounds the parameters of one query.
const MaxParams = 1000

// ParseQuery parses a raw query as the AWS canonical query does: pieces split
// at "&" only, empty pieces skipped, names and values split at the first "="
// and percent-decoded once. A raw "+" is refused: servers read it as a space
// or as a plus, and an authorisation cannot hold for both. So is a raw ";": to
// some servers it begins another parameter (gorilla/mux), and some leave the
// whole parameter out (Go's net/url).
func ParseQuery(raw string) (Query, *Refusal) {
	if raw == "" {
		return nil, nil
	}
	return AppendQuery(make(Query, 0, strings.Count(raw, "&")+1), raw)
}

// AppendQuery is ParseQuery into the array of a Query that is empty.
func AppendQuery(query Query, raw string) (Query, *Refusal) {
	for raw != "" {
		var piece string
		piece, raw, _ = strings.Cut(raw, "&")
		if piece == "" {
			continue
		}
		if len(query) == MaxParams {
			return nil, badURI(fmt.Sprintf("the query has more than %d parameters", MaxParams))
		}
		if strings.IndexByte(piece, '+') >= 0 {
			return nil, badURI("the query holds a raw +, which is ambiguous: send a space as %20 and a plus as %2B")
		}
		if strings.IndexByte(piece, ';') >= 0 {
			return nil, badURI("the query holds a raw ;, which is ambiguous: send it as %3B")
		}
		var p Param
		p.RawName, p.RawValue, p.HasValue = strings.Cut(piece, "=")
		var ok1, ok2 bool
		p.Name, ok1 = Unescape(p.RawName)
		p.Value, ok2 = Unescape(p.RawValue)
		if !ok1 || !ok2 {
			return nil, badURI("the query holds an invalid percent-escape")
		}
		query = append(query, p)
	}
	return query, nil
}

// Unescape decodes percent-escapes once; "+" stays. It allocates only if
// there is an escape. ok is false if one is invalid.
func Unescape(s string) (decoded string, ok bool) {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return s, true
	}
	out := make([]byte, i, len(s))
	copy(out, s)
	for ; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if !isEscape(s[i:]) {
			return "", false
		}
		out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
		i += 2
	}
	return string(out), true
}

func isEscape(s string) bool { return len(s) >= 3 && isHex(s[1]) && isHex(s[2]) }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	default:
		return c - 'A' + 10
	}
}

func badURI(cause string) *Refusal {
	return &Refusal{Status: 400, Code: "InvalidURI", Message: "Couldn't parse the specified URI: " + cause + "."}
}
