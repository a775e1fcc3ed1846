package sigv4

import (
	"errors"
	"io"
	"os"

	"github.com/sallyport-iam/sallyport/wire"
)

// source counts the bytes of a body against the declared size. Its errors
// stay.
type source struct {
	reader   io.Reader // nil: no body
	declared int64     // -1 if not declared
	got      int64
	err      error
	// copy, if set, gets what was read.
	copy *[]byte
}

func (s *source) Read(p []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.reader == nil {
		s.err = io.EOF
	} else {
		n, s.err = s.reader.Read(p)
	}
	s.got += int64(n)
	switch {
	case s.declared >= 0 && s.got > s.declared, s.declared > s.got && s.err == io.EOF:
		s.err = errByteCount(s.declared, s.got)
		return 0, s.err
	}
	if s.copy != nil {
		*s.copy = append(*s.copy, p[:n]...)
	}
	return n, s.err
}

// sourceRefusal is the answer to a client whose body could not be read.
func sourceRefusal(err error) *wire.Refusal {
	r := errTruncated()
	var timeout interface{ Timeout() bool }
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		r = refuse(400, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period. "+
			"Idle connections will be closed.")
	}
	r.Close = true
	r.Cause = "reading the request's body: " + err.Error()
	return r
}
