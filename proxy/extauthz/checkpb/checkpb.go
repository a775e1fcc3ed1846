// Package checkpb reads Envoy's question and writes the answer to it: the
// messages CheckRequest and CheckResponse of envoy.service.auth.v3, as protobuf
// has them on the wire.
//
// To decode a question into generated types costs more than to decide it. A
// [Request] refers to the text of the message instead, and a [Response] knows its
// size before it is written. What is read and what is refused is what the
// generated types read and refuse; the tests hold the two together.
package checkpb

import (
	"errors"

	"github.com/sallyport-iam/sallyport/wire"
)

// ErrMalformed is that of a message that is no CheckRequest: it is no protobuf,
// or a text of it is not UTF-8.
var ErrMalformed = errors.New("the check request is no protobuf, or has text that is not UTF-8")

// MaxPairs bounds what is kept of one header or map. Who finds one more than
// that knows that it may not be all.
const MaxPairs = 256

// Request is what a CheckRequest says, as far as anybody here asks. All strings
// are parts of the message that Unmarshal got.
type Request struct {
	// HasHTTP tells that there are attributes of an HTTP request at all.
	HasHTTP bool
	// ID, Method, Path, Host, Scheme, Query, Fragment and Size are those of
	// AttributeContext.HttpRequest; Path has the query.
	ID, Method, Path, Host, Scheme, Query, Fragment string
	Size                                            int64
	// Raw is header_map, in order, and Merged the map headers, each key once with
	// its last value, in the order of their first ones. TwoValues tells that a
	// field of Raw had a value and a raw value, of which it keeps the latter.
	// Neither holds more than MaxPairs+1.
	Raw, Merged wire.Fields
	TwoValues   bool
	// Body and RawBody are the two ways to send a body.
	Body, RawBody string
	// Extensions is the map context_extensions, as Merged.
	Extensions wire.Fields
	// Source and Destination are the ends of the client's connection, and
	// Principal who the client is by its certificate.
	Source, Destination Address
	Principal           string
}

// Address is the address of a socket, as text and number, which nobody checked.
// It is zero for any other address.
type Address struct {
	IP   string
	Port uint32

	socket bool
}

// Reset forgets the message, and keeps the memory for the next one.
func (r *Request) Reset() {
	clear(r.Raw)
	clear(r.Merged)
	clear(r.Extensions)
	*r = Request{Raw: r.Raw[:0], Merged: r.Merged[:0], Extensions: r.Extensions[:0]}
}

// Response is what a CheckResponse says: that a request may pass, if Code is 0,
// and that it may not otherwise. Texts must be UTF-8.
type Response struct {
	// Code and Message are those of google.rpc.Status.
	Code    int32
	Message string
	// Status and Body are those of a denial.
	Status int32
	Body   string
	// Headers are set in the denial, or in the request that passes.
	Headers []Header
	// Remove names the headers that are removed from a request that passes, and
	// Answer are those that are set in the answer to it.
	Remove []string
	Answer []Header
	// Metadata is the dynamic metadata: texts by their names, each name once.
	Metadata []Pair
}

// Header is a header that Envoy is told to set, even if its value is empty: in
// the place of what there is of its name, or beside it.
type Header struct {
	Name, Value string
	Beside      bool
}

// Pair is a name and a text.
type Pair struct{ Name, Value string }

// Reset forgets the answer, and keeps the memory for the next one.
func (r *Response) Reset() {
	clear(r.Headers)
	clear(r.Remove)
	clear(r.Answer)
	clear(r.Metadata)
	*r = Response{Headers: r.Headers[:0], Remove: r.Remove[:0], Answer: r.Answer[:0], Metadata: r.Metadata[:0]}
}
