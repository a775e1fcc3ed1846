package sigv4

import (
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

const trailerSignature = "x-amz-trailer-signature"

// readTrailers reads the lines after the zero chunk up to the empty one. There
// is at most the promised checksum and its signature, in this order.
func (r *chunkReader) readTrailers() error {
	value, found := "", false
	verified := !r.signed || r.trailer == nil
	for {
		line, err := r.trailerLine()
		if err != nil {
			return err
		}
		if len(line) == 0 {
			break
		}
		name, text, ok := strings.Cut(string(line), ":")
		name, text = strings.ToLower(name), trimBlanks(text)
		switch {
		case ok && r.trailer != nil && name == r.trailer.algorithm.field && !found:
			value, found = text, true
		case ok && name == trailerSignature && found && !verified:
			r.chain.claimed = text
			if refusal := r.chain.verifyTrailer(r.trailer.algorithm.field + ":" + value + "\n"); refusal != nil {
				return refusal
			}
			verified = true
		default:
			return errTrailer("a trailing header that was not promised, or not in its place")
		}
	}
	if r.trailer != nil {
		if !found || !verified {
			return errTrailer("a promised trailing header or its signature is missing")
		}
		if !r.trailer.expect(value) {
			return errChecksumValue(r.trailer.algorithm.field, true)
		}
	}
	r.state = atEnd
	return nil
}

// trailerLine is line, but for a single LF that some writers put before the
// CRLF of a trailer.
func (r *chunkReader) trailerLine() ([]byte, error) {
	for length := 1; ; length++ {
		if err := r.need(length); err != nil {
			return nil, err
		}
		pending := r.buffer[r.start : r.start+length]
		if length > maxLine {
			return nil, errMalformedStream("a trailer line is too long")
		}
		if pending[length-1] != '\n' {
			continue
		}
		if length >= 2 && pending[length-2] == '\r' {
			r.start += length
			return pending[:length-2], nil
		}
		if err := r.need(length + 2); err != nil {
			return nil, err
		}
		pending = r.buffer[r.start : r.start+length+2]
		if length == 1 || pending[length] != '\r' || pending[length+1] != '\n' {
			return nil, errMalformedStream("a trailer line does not end in CRLF")
		}
		r.start += length + 2
		return pending[:length-1], nil
	}
}

func errTrailer(cause string) *wire.Refusal {
	r := refuse(400, "MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema.")
	r.Cause = "aws-chunked: " + cause
	return r
}
