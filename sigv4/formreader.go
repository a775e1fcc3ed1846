package sigv4

import (
	"bytes"
	"io"

	"github.com/sallyport-iam/sallyport/wire"
)

const (
	// maxFormData bounds a form up to the content of its file: delimiters and
	// headers of parts, names and values.
	// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html
	maxFormData = 20 << 10
	// maxFormFields bounds the fields before the file.
	maxFormFields = 100
	// maxPartHeader bounds the header of one part.
	maxPartHeader = 4 << 10
	// formBuffer is all that is read ahead of what was taken.
	formBuffer = 32 << 10
)

// formReader reads a multipart/form-data body (RFC 2046, RFC 7578) of which all
// readers see the same parts: no preamble, no epilogue but one CRLF, no white
// space around a delimiter, lines that end with CRLF alone. Where a reader that
// takes CR or LF for a line's end, or the beginning of a line for a delimiter,
// could see another end of a part, the form is refused.
type formReader struct {
	source    source
	delimiter []byte // "--" and the boundary
	buffer    []byte
	// What was read and not taken is buffer[start:end].
	start, end int
	// opening is where the content under way begins; before scanned begins no
	// delimiter in it.
	opening, scanned int
}

var (
	crlf   = []byte("\r\n")
	dashes = []byte("--")
)

// newFormReader begins to read a body with its first delimiter.
func newFormReader(req *wire.Request, boundary string) (*formReader, error) {
	r := &formReader{
		source:    source{reader: req.Body, declared: req.BodySize},
		delimiter: []byte("--" + boundary),
		buffer:    make([]byte, formBuffer),
	}
	if err := r.need(len(r.delimiter) + len(crlf)); err != nil {
		return nil, err
	}
	if !r.take(r.delimiter) || !r.take(crlf) {
		return nil, errMalformedForm("It must begin with the boundary of its Content-Type, on a line of its own.")
	}
	return r, nil
}

// take takes text if it is next.
func (r *formReader) take(text []byte) bool {
	if !bytes.HasPrefix(r.buffer[r.start:r.end], text) {
		return false
	}
	r.start += len(text)
	return true
}

// need reads until n bytes are ahead.
func (r *formReader) need(n int) error {
	for r.end-r.start < n {
		if err := r.fill(); err != nil {
			return err
		}
	}
	return nil
}

// fill reads more.
func (r *formReader) fill() error {
	if r.end == len(r.buffer) {
		return errFormData()
	}
	n, err := readSome(&r.source, r.buffer[r.end:])
	r.end += n
	if err == io.EOF && n == 0 {
		return errMalformedForm("It ends before its closing boundary.")
	}
	if n > 0 {
		return nil // an error stays with the source
	}
	return err
}

// compact makes room behind what is ahead.
func (r *formReader) compact() {
	shift := r.start
	copy(r.buffer, r.buffer[shift:r.end])
	r.start, r.end = 0, r.end-shift
	r.opening, r.scanned = r.opening-shift, r.scanned-shift
}

// header takes the header of a part, up to the empty line, and begins the
// part's content.
func (r *formReader) header() (*formPart, error) {
	const end = "\r\n\r\n"
	from := r.start
	for {
		if i := bytes.Index(r.buffer[from:r.end], []byte(end)); i >= 0 {
			text := string(r.buffer[r.start : from+i])
			r.start = from + i + len(end)
			r.opening, r.scanned = r.start, r.start
			if len(text) > maxPartHeader {
				break
			}
			return parsePart(text)
		}
		if r.end-r.start > maxPartHeader+len(end) {
			break
		}
		from = max(r.start, r.end-len(end)+1)
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
	return nil, errMalformedForm("The header of a part is larger than 4096 bytes.")
}

// scan looks for the delimiter that ends the content under way, which then
// ends at end; otherwise what comes before end is content.
func (r *formReader) scan() (end int, found bool, err error) {
	for {
		i := bytes.Index(r.buffer[r.scanned:r.end], r.delimiter)
		if i < 0 {
			// What could still become a delimiter stays ahead, with the CRLF
			// before it.
			r.scanned = max(r.scanned, r.end-len(r.delimiter)+1)
			return max(r.start, r.scanned-len(crlf)), false, nil
		}
		i += r.scanned
		if i > r.opening && r.buffer[i-1] != '\r' && r.buffer[i-1] != '\n' {
			r.scanned = i + 1
			continue
		}
		r.scanned = i
		end = i - len(crlf)
		if end < r.opening || !bytes.Equal(r.buffer[end:i], crlf) {
			return 0, false, errMalformedForm("A line of a part begins with the boundary, but no CRLF comes before it.")
		}
		return end, true, nil
	}
}

// value takes the content of a field and the delimiter behind it. last tells
// that the form ends there.
func (r *formReader) value() (value string, last bool, err error) {
	for {
		end, found, err := r.scan()
		if err != nil {
			return "", false, err
		}
		if found {
			value = string(r.buffer[r.start:end])
			last, err = r.endPart(end)
			return value, last, err
		}
		if r.end > maxFormData {
			return "", false, errFormData()
		}
		if err := r.fill(); err != nil {
			return "", false, err
		}
	}
}

// endPart takes the delimiter behind the content of a part. last tells that it
// is the closing one.
func (r *formReader) endPart(end int) (last bool, err error) {
	r.start = end + len(crlf) + len(r.delimiter)
	if err := r.need(len(crlf)); err != nil {
		return false, err
	}
	switch {
	case r.take(crlf):
		return false, nil
	case r.take(dashes):
		return true, nil
	}
	return false, errMalformedForm("A line of a part begins with the boundary and goes on.")
}

// endForm sees that nothing follows the content of the file but the closing
// delimiter and a CRLF. Amazon S3 ignores fields there; here they are refused,
// since a form in which the policy says nothing of a field that is sent has two
// readings. Without the CRLF, that RFC 2046 leaves to the sender, the size of
// the file would not follow from that of the form.
func (r *formReader) endForm(end int) error {
	r.start = end
	r.compact()
	last, err := r.endPart(0)
	if err != nil {
		return err
	}
	if !last {
		part, err := r.header()
		if err == nil && part.isFile() {
			return errFileCount()
		}
		return errMalformedForm("A field follows the file: put the file last, and give the submit button no name.")
	}
	for r.end-r.start < len(crlf) {
		n, err := readSome(&r.source, r.buffer[r.end:])
		r.end += n
		if n > 0 {
			continue
		}
		if err == io.EOF {
			break
		}
		return err
	}
	if !r.take(crlf) {
		return errFormEnd()
	}
	if r.end == r.start {
		n, err := readSome(&r.source, r.buffer[r.end:])
		switch {
		case n > 0:
		case err == io.EOF:
			return nil
		default:
			return err
		}
	}
	return errMalformedForm("Something follows the closing boundary.")
}

// formFile is the content of the file of a form. It ends, with io.EOF, after
// the end of the form held.
type formFile struct {
	form  *formReader
	size  int64 // -1 if not declared
	got   int64
	until int  // content before it can be taken
	found bool // it is all
	err   error
}

// Read takes content from the buffer, and fills that when it is empty.
func (f *formFile) Read(p []byte) (int, error) {
	r := f.form
	for f.err == nil && len(p) > 0 {
		if n := copy(p, r.buffer[r.start:max(r.start, f.until)]); n > 0 {
			r.start += n
			if f.got += int64(n); f.size >= 0 && f.got > f.size {
				f.err = errMalformedForm("The file does not end where a Content-Length says: the body must end with its closing boundary and one CRLF.")
				break
			}
			return n, nil
		}
		f.err = f.advance()
	}
	return 0, f.err
}

// advance finds more content, or the end of the form.
func (f *formFile) advance() (err error) {
	r := f.form
	if f.found {
		if err = r.endForm(f.until); err == nil {
			err = io.EOF
		}
		return err
	}
	if f.until, f.found, err = r.scan(); err != nil || f.found || f.until > r.start {
		return err
	}
	r.compact()
	f.until = 0
	return r.fill()
}
