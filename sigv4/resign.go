package sigv4

import (
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// PayloadSigning says how much of a body the signature for the next hop covers.
type PayloadSigning uint8

const (
	// PayloadAuto signs as much as the client did: a declared hash goes on,
	// signed chunks are signed again, and what was not signed is not.
	PayloadAuto PayloadSigning = iota
	// PayloadUnsigned signs no body.
	PayloadUnsigned
	// PayloadSigned signs every body: a declared hash goes on, and all else is
	// sent in signed chunks.
	PayloadSigned
)

// Resign chooses the form in which the body goes on. It is called before the
// first Read, and before Size, Payload and Fields. Without it, a declared hash
// goes on and chunks are not signed.
//
// Signed chunks need a length that is known beforehand: a body without one is
// refused with MissingContentLength, as Amazon S3 refuses it. And they are only
// for operations that take chunked bodies (see PayloadRule).
func (b *Body) Resign(signing PayloadSigning) *wire.Refusal {
	hashed, trailer := b.digests.payload != "", (*checksum)(nil)
	signed := signing == PayloadSigned
	if b.chunks != nil {
		trailer = b.chunks.trailer
		signed = signed || signing == PayloadAuto && b.chunks.signed
	}
	switch {
	case signing == PayloadUnsigned && hashed:
		b.payload = unsignedPayload
		return nil
	case hashed, !signed:
		return nil
	case b.promised < 0:
		return errMissingLength()
	case b.promised == 0 && trailer == nil:
		b.payload = emptyPayloadHash
		return nil
	}
	b.frame, b.signed = nil, &signedFrame{length: b.promised, trailer: trailer}
	b.size, b.payload = b.signed.size(), signedChunks
	if trailer != nil {
		b.payload = signedTrailer
	}
	return nil
}

// SignBody is Sign for a request whose body is b: x-amz-content-sha256 is that
// of the body, and if the body goes on in signed chunks, their signatures
// continue the request's. The fields that describe the body must have been set
// before (Body.Fields).
func (g *Signer) SignBody(req *wire.Request, b *Body, c Credentials, service, region string, now time.Time) {
	s := g.sign(req, c, service, region, b.payload, now)
	if b.signed != nil {
		b.signed.signer = newChunkSigner(s)
	}
}
