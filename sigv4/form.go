package sigv4

import (
	"errors"
	"io"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// PostForm is an upload by a browser's form (POST Object): the fields before
// the file, read and seen to have one meaning, and the file, not read yet. It
// is for one goroutine.
type PostForm struct {
	// Bucket is the bucket that the form was sent to.
	Bucket string
	// Fields are the fields that say what to store and how to answer, in order
	// of arrival, key among them. Names are in lower case, none comes twice, and
	// ${filename} is replaced in the values. Values are UTF-8 without control
	// characters, but for key and tagging. Left out are what authenticates the
	// form (the session token too), the field bucket, which says what Bucket
	// says, and x-ignore-*, which mean nothing.
	Fields wire.Fields
	// FileName is the name of the file without what comes before its last slash
	// or backslash; "" if none was sent.
	FileName string

	all    wire.Fields // but the file
	signed bool
	reader *formReader
	closer io.Closer
	size   int64 // of the file; -1 if not declared

	verified    bool
	least, most int64 // what the policy permits of the size of the file
}

// FormMemory bounds, in bytes, what a form holds: its fields, what ${filename}
// adds to them, and what is read ahead.
const FormMemory = formBuffer + 2*maxFormData

// ReadForm reads a form up to the content of its file, the part named file or
// content: at most 20 KiB, 100 fields, and 4 KiB for the header of a part. It
// holds 32 KiB more while the file streams. bucket is the bucket that the
// request addresses.
//
// It refuses a form that has more than one reading, header fields that say what
// only the form may say, credentials outside of the form, and Signature Version
// 2. It looks at no key: what a Signed form says counts after VerifyForm.
//
// req.Body stays the caller's to close until Body returned one.
func ReadForm(req *wire.Request, bucket string) (*PostForm, *wire.Refusal) {
	scheme, refusal := Recognise(req)
	switch {
	case refusal != nil:
		return nil, refusal
	case !isMultipart(req.Fields.Get("content-type")):
		return nil, errNotMultipart()
	case scheme == Header, scheme == Query, scheme == Bearer:
		return nil, errTwoMechanisms()
	case len(req.Query) != 0:
		return nil, errFormQuery()
	case scheme != Form:
		return nil, errNotMultipart()
	}
	for i := range req.Fields {
		if name := req.Fields[i].Name; saysWhatAFormSays(name) {
			return nil, errFormHeader(name)
		}
	}
	boundary, refusal := formBoundary(req.Fields.Get("content-type"))
	if refusal != nil {
		return nil, refusal
	}
	f := &PostForm{Bucket: bucket, closer: req.Body, size: -1, most: maxObject}
	err := f.read(req, boundary)
	if err == nil {
		return f, nil
	}
	if !errors.As(err, &refusal) {
		refusal = sourceRefusal(err)
	}
	return nil, refusal
}

// isForm tells whether a request is one whose credentials, if it has any, are
// fields of a form.
func isForm(req *wire.Request) bool {
	return req.Method == "POST" && len(req.Query) == 0 && isMultipart(req.Fields.Get("content-type"))
}

// saysWhatAFormSays tells whether a header field speaks of the object or of the
// body as a whole, neither of which a policy covers.
func saysWhatAFormSays(name string) bool {
	switch name {
	case "content-md5", "content-encoding", "content-range",
		"if-match", "if-modified-since", "if-none-match", "if-unmodified-since":
		return true
	}
	return strings.HasPrefix(name, "x-amz-")
}

// read reads the fields and the header of the file.
func (f *PostForm) read(req *wire.Request, boundary string) error {
	r, err := newFormReader(req, boundary)
	if err != nil {
		return err
	}
	f.reader = r
	part, err := r.header()
	for ; err == nil && !part.isFile(); part, err = r.header() {
		if err := f.readField(part); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if r.start > maxFormData {
		return errFormData()
	}
	if refusal := f.readSize(req, part); refusal != nil {
		return refusal
	}
	if refusal := f.readSigned(); refusal != nil {
		return refusal
	}
	if refusal := f.expand(part); refusal != nil {
		return refusal
	}
	return f.settle()
}

// readSize works the size of the file out from that of the form.
func (f *PostForm) readSize(req *wire.Request, file *formPart) *wire.Refusal {
	if req.BodySize >= 0 {
		end := len(crlf) + len(f.reader.delimiter) + len(dashes) + len(crlf)
		if f.size = req.BodySize - int64(f.reader.start) - int64(end); f.size < 0 {
			return errFormEnd()
		}
	}
	if file.length >= 0 {
		if f.size >= 0 && f.size != file.length {
			return errMalformedForm("The Content-Length of the file is not that of its content.")
		}
		f.size = file.length
	}
	return nil
}

// Signed tells whether the form carries credentials. The caller of one that
// carries none is anonymous.
func (f *PostForm) Signed() bool { return f.signed }

// Key is the object key, with ${filename} replaced. It is never empty.
func (f *PostForm) Key() string { return f.Fields.Get("key") }

// Body returns the content of the file, once. It verifies, while the bytes
// pass, what the policy says of the size, a checksum or Content-MD5 in the
// fields, and that nothing but the end of the form follows: the last byte is
// kept back until then. limit bounds the size in bytes; 0 means Amazon S3's
// 5 GiB. A signed form that was not verified has no Body.
func (f *PostForm) Body(limit int64) (*Body, *wire.Refusal) {
	if f.reader == nil || f.signed && !f.verified {
		return nil, errNoCredentials()
	}
	if limit <= 0 || limit > f.most {
		limit = f.most
	}
	b := &Body{limit: limit, least: f.least, size: f.size, promised: f.size, payload: unsignedPayload, closer: f.closer}
	b.source = source{reader: &formFile{form: f.reader, size: f.size}, declared: f.size}
	if f.size > limit {
		return nil, errTooLarge(f.size, limit)
	}
	if f.size >= 0 && f.size < f.least {
		return nil, errTooSmall(f.size, f.least)
	}
	if refusal := b.digests.readDigests(f.Fields, true); refusal != nil {
		return nil, refusal
	}
	f.reader = nil
	if b.promised == 0 {
		return b.settle()
	}
	return b, nil
}
