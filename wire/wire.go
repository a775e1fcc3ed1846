// Package wire is a request and a response as they are on the wire: raw path,
// raw query, raw fields, a body. It knows no HTTP engine: doors turn what they
// receive into a [Request], and nothing behind a door sees an engine's type, so
// that the verifier, the mapper and the forwarder look at the same bytes.
//
// The package parses once and refuses what is ambiguous; it never cleans,
// merges or re-encodes.
package wire

import (
	"io"
	"net/netip"
	"slices"
	"time"
)

// Request is one request. A door makes it; later stages read it. Only the
// named request rewrites of the enforcement point change one, on a copy.
type Request struct {
	// Method as sent: a token, compared with case.
	Method string
	// Scheme is "https" if the client's own connection (or a trusted proxy's
	// word for it) was TLS, else "http".
	Scheme string
	// Host is the authority exactly as sent: the Host field or :authority, or
	// what a trusted proxy says that was.
	Host string
	// Port is the port of the door that the request came to; 0 if the door does
	// not tell.
	Port uint16
	// HasQuery tells "/x?" from "/x". It stands here for the size of the whole.
	HasQuery bool
	// Path is the raw path of the request target: undecoded, it begins with "/".
	Path string
	// RawQuery is what follows the first "?" of the target, undecoded.
	RawQuery string
	// Query is RawQuery parsed by ParseQuery.
	Query Query
	// Fields are the header fields but Host; see Fields.
	Fields Fields
	// Body is what follows the header; nil if the framing says there is none.
	Body io.ReadCloser
	// BodySize is the declared size of Body in bytes as it is on the wire;
	// -1 if the framing does not declare one, 0 if there is no body.
	BodySize int64
	// Peer is the address at the other end of the client's connection.
	Peer netip.AddrPort
	// TLS tells of the client's TLS connection; nil in clear text, or if the door
	// does not know.
	TLS *TLS
	// Certificate is the client's, which the door or what stands before it has
	// verified; nil if there is none to be believed.
	Certificate *Certificate
	// PeerPrincipal is whose certificate the client showed to what ended its TLS
	// connection, in that one's words; empty if none is known.
	PeerPrincipal string
	// ID is the id that what stands before the door gave the request; empty if
	// none.
	ID string
}

// Clone copies the request so that fields and query can be changed. The body
// is shared: it can be read once.
func (r *Request) Clone() *Request {
	out := new(Request)
	r.CloneTo(out)
	return out
}

// CloneTo makes out what Clone returns, in the arrays that out has; they are
// nobody else's.
func (r *Request) CloneTo(out *Request) {
	fields, query := out.Fields[:0], out.Query[:0]
	*out = *r
	out.Fields = append(slices.Grow(fields, len(r.Fields)+spareFields), r.Fields...)
	out.Query = append(query, r.Query...)
}

// UndeclaredSize is the size of a body of which no length was declared, where
// nothing else tells whether there is one: -1, or 0 for methods that have none
// usually. They are taken to have none: the signature for the upstream says so,
// too.
func UndeclaredSize(method string) int64 {
	switch method {
	case "GET", "HEAD", "DELETE", "OPTIONS":
		return 0
	}
	return -1
}

// TLS tells of the connection a request came over.
type TLS struct {
	// Version is the protocol version as in crypto/tls, e.g. 0x0304.
	Version uint16
	// ServerName is the SNI the client sent.
	ServerName string
}

// Certificate is what a client's certificate says of its holder.
type Certificate struct {
	// CommonName and IssuerCommonName are those of the subject and of who signed.
	CommonName, IssuerCommonName string
	// URIs and DNSNames are the subject's alternative names, as they stand there.
	URIs, DNSNames []string
	// Serial is the serial number in hex; NotBefore and NotAfter bound its life. A
	// door that does not know them leaves them empty.
	Serial              string
	NotBefore, NotAfter time.Time
}

// Target is the raw request target: path and, if there was a "?", the query.
func (r *Request) Target() string {
	if !r.HasQuery {
		return r.Path
	}
	return r.Path + "?" + r.RawQuery
}

// Response is an answer on its way to the client.
type Response struct {
	Status int
	Fields Fields
	// Body is nil if there is none. Whoever receives the Response closes it.
	Body io.ReadCloser
	// BodySize is the declared size of Body; -1 if unknown.
	BodySize int64
	// Free gives back the memory of the answer; nil if there is nothing to give
	// back. It is for the door alone, which calls it last, once, after Body is
	// closed, when nobody looks at the answer any more. Whoever does not call it
	// leaves the memory to the collector.
	Free func()
	// Untried tells of a failure that nothing was begun for the request: nobody can
	// still hold it, as may be the case where something was cancelled.
	Untried bool
}

// Field is one header field. Name is in lower case, as HTTP/2 has it: doors
// see to it. Value is as sent, without the white space around it.
type Field struct{ Name, Value string }

// Fields are header fields. The order of fields of one name is that of their
// arrival; the order between names means nothing.
type Fields []Field

// Get returns the first value of the field name (lower case), or "".
func (f Fields) Get(name string) string {
	v, _ := f.Lookup(name)
	return v
}

// Lookup returns the first value of the field name (lower case) and whether
// there is one.
func (f Fields) Lookup(name string) (string, bool) {
	for i := range f {
		if f[i].Name == name {
			return f[i].Value, true
		}
	}
	return "", false
}

// Count returns how many fields of that name (lower case) there are.
func (f Fields) Count(name string) int {
	n := 0
	for i := range f {
		if f[i].Name == name {
			n++
		}
	}
	return n
}

// Add appends a field; name is in lower case.
func (f *Fields) Add(name, value string) { *f = append(*f, Field{name, value}) }

// Set replaces all fields of that name (lower case) by one.
func (f *Fields) Set(name, value string) {
	f.Del(name)
	f.Add(name, value)
}

// Del removes all fields of that name (lower case).
func (f *Fields) Del(name string) {
	kept := (*f)[:0]
	for _, field := range *f {
		if field.Name != name {
			kept = append(kept, field)
		}
	}
	clear((*f)[len(kept):])
	*f = kept
}

// Same tells whether the fields of a name (lower case) have the same values, in
// the same order, in both.
func (f Fields) Same(other Fields, name string) bool {
	next := 0
	for i := range f {
		if f[i].Name != name {
			continue
		}
		for next < len(other) && other[next].Name != name {
			next++
		}
		if next == len(other) || other[next].Value != f[i].Value {
			return false
		}
		next++
	}
	return other[next:].Count(name) == 0
}

// spareFields is room in a copy for the fields that authentication adds.
const spareFields = 4

// Clone copies the fields, so that the copy can be changed.
func (f Fields) Clone() Fields {
	if f == nil {
		return nil
	}
	return append(make(Fields, 0, len(f)+spareFields), f...)
}
