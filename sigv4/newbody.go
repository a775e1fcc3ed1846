package sigv4

import (
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// maxObject is the largest object or part that one request can carry.
const maxObject = 5 << 30

// NewBody wraps the body of a request. v is the result of verifying its
// header, nil for an anonymous request. limit bounds the decoded bytes; 0
// means Amazon S3's 5 GiB. It refuses what the header already shows to be
// wrong; req.Body then stays the caller's to close, otherwise the Body's. The
// body of a form is PostForm.Body's: with a form's v it refuses.
func NewBody(req *wire.Request, v *Verified, limit int64) (*Body, *wire.Refusal) {
	return newBody(req, v, limit, nil)
}

// NewOriginalBody is NewBody of a Body that yields the client's own bytes, chunk
// signatures included, for a next hop that verifies the client's signature
// itself. The last byte is held back as well. Its Fields are the request's own.
func NewOriginalBody(req *wire.Request, v *Verified, limit int64) (*Body, *wire.Refusal) {
	return newBody(req, v, limit, new(original))
}

func newBody(req *wire.Request, v *Verified, limit int64, o *original) (*Body, *wire.Refusal) {
	b, _, refusal := begin(req, v, limit, o)
	if refusal != nil {
		return nil, refusal
	}
	// Of a body of no bytes nobody reads to the verdict.
	if b.promised == 0 || b.size == 0 {
		return b.settle()
	}
	return b, nil
}

// UnreadPayload is the payload line for the next hop of a request whose body
// goes there unread: what was declared of it. It refuses what NewBody would for
// the header, and if the request is to be resigned, chunks with signatures: nobody
// can put others in their place without the body.
func UnreadPayload(req *wire.Request, v *Verified, limit int64, resigned bool) (string, *wire.Refusal) {
	b, mode, refusal := begin(req, v, limit, nil)
	if refusal != nil {
		return "", refusal
	}
	b.releaseBuffer()
	switch {
	case mode == payloadUnsignedTrailer:
		return unsignedTrailer, nil
	case mode.streaming() && resigned:
		return "", errSignedChunks(v.Payload)
	case mode.streaming():
		return v.Payload, nil
	}
	return b.payload, nil
}

// begin is a Body of which nothing was read yet.
func begin(req *wire.Request, v *Verified, limit int64, o *original) (*Body, payloadMode, *wire.Refusal) {
	payload, mode, refusal := payloadOf(req, v)
	if refusal != nil {
		return nil, mode, refusal
	}
	if limit <= 0 {
		limit = maxObject
	}
	b := &Body{limit: limit, size: req.BodySize, promised: req.BodySize, payload: payload, source: source{declared: req.BodySize}}
	if req.Body != nil {
		b.closer, b.source.reader = req.Body, req.Body
	}
	// The checksum field of CompleteMultipartUpload is that of the object.
	object := req.Method != "POST" || !req.Query.Has("uploadId")
	if refusal := b.digests.readDigests(req.Fields, object); refusal != nil {
		return nil, mode, refusal
	}
	if mode.streaming() {
		if b.original = o; o != nil {
			b.source.copy = &o.pending
		}
		refusal = b.decode(req, v, mode)
	} else {
		refusal = b.pass(req, mode)
		d := &b.digests
		b.lengthOnly = b.promised > 0 && d.sha256 == nil && d.md5 == nil && d.sum == nil
	}
	if refusal != nil {
		return nil, mode, refusal
	}
	return b, mode, nil
}

// CheckAnonymous compares x-amz-content-sha256 of a request without credentials
// with the rule; Verify does for one with them.
func (p PayloadRule) CheckAnonymous(req *wire.Request) *wire.Refusal {
	_, mode, refusal := payloadOf(req, nil)
	if refusal == nil && mode.streaming() && !p.Chunked {
		return errContentSHA256NotAllowed()
	}
	return refusal
}

// payloadOf is what the header says of the body.
func payloadOf(req *wire.Request, v *Verified) (string, payloadMode, *wire.Refusal) {
	if v != nil {
		mode := payloadModeOf(v.Payload)
		switch {
		case v.Scheme == Query && mode.streaming():
			return "", mode, errPayloadHash(v.Payload, "")
		case v.Scheme == Form, mode == payloadInvalid, !chunksAgree(v.Payload, algorithm(v.Algorithm)):
			return "", mode, errContentSHA256NotAllowed()
		}
		return v.Payload, mode, nil
	}
	value, sent := req.Fields.Lookup("x-amz-content-sha256")
	if !sent {
		return unsignedPayload, payloadUnsigned, nil
	}
	mode := payloadModeOf(value)
	switch mode {
	case payloadInvalid:
		return "", mode, errContentSHA256(value)
	case payloadSignedChunks, payloadSignedTrailer:
		return "", mode, errContentSHA256Anonymous()
	}
	return value, mode, nil
}

// pass prepares for a body that goes on as it came.
func (b *Body) pass(req *wire.Request, mode payloadMode) *wire.Refusal {
	if _, sent := req.Fields.Lookup("x-amz-trailer"); sent {
		return errTrailerName()
	}
	if b.size > b.limit {
		return errTooLarge(b.size, b.limit)
	}
	if mode == payloadHashed {
		b.digests.promisePayload(b.payload)
		b.payload = strings.ToLower(b.payload)
	}
	return nil
}

// decode prepares for an aws-chunked body.
func (b *Body) decode(req *wire.Request, v *Verified, mode payloadMode) *wire.Refusal {
	length, ok := decodedLength(req.Fields)
	if !ok {
		return errMissingLength()
	}
	if length > b.limit {
		return errTooLarge(length, b.limit)
	}
	trailer, refusal := b.digests.promisedTrailer(req.Fields, mode)
	if refusal != nil {
		return refusal
	}
	b.promised = length
	b.chunks = &chunkReader{
		source: &b.source, signed: mode != payloadUnsignedTrailer, trailer: trailer, digests: &b.digests, want: length,
	}
	if b.chunks.signed {
		b.chunks.chain = newChain(v)
	}
	b.buffer = chunkBuffers.Get().(*[]byte)
	b.chunks.buffer = *b.buffer
	switch {
	case b.original != nil:
		return nil
	case trailer == nil:
		b.size, b.payload = length, unsignedPayload
		return nil
	}
	b.frame = newFrame(length, trailer)
	b.size, b.payload = b.frame.size(), unsignedTrailer
	return nil
}

// decodedLength reads x-amz-decoded-content-length.
func decodedLength(fields wire.Fields) (int64, bool) {
	value := fields.Get("x-amz-decoded-content-length")
	if value == "" || !areDigits(value) {
		return 0, false
	}
	n, err := strconv.ParseInt(value, 10, 64)
	return n, err == nil
}

// settle verifies a body without bytes at once.
func (b *Body) settle() (*Body, *wire.Refusal) {
	for !b.verified {
		n, err := b.decoded(b.one[:])
		if err == nil && n > 0 {
			err = errByteCount(0, int64(n))
		}
		if err != nil {
			b.fail(err)
			b.releaseBuffer()
			return nil, b.Refusal()
		}
	}
	return b, nil
}

func errTooLarge(size, limit int64) *wire.Refusal {
	return refuse(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size",
		element("ProposedSize", strconv.FormatInt(size, 10)), element("MaxSizeAllowed", strconv.FormatInt(limit, 10)))
}

func errMissingLength() *wire.Refusal {
	return refuse(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
}

func errSignedChunks(payload string) *wire.Refusal {
	return refuse(501, "NotImplemented", "A header you provided implies functionality that is not implemented. "+
		"This endpoint does not take chunks with signatures: have the client sign the hash of the whole body or UNSIGNED-PAYLOAD "+
		"(AWS SDK for Java: chunkedEncodingEnabled false; other SDKs: an https endpoint).",
		element("Header", "x-amz-content-sha256"), element("Value", payload))
}
