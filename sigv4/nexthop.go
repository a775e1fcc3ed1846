package sigv4

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// Fields rewrites the fields that describe the body, for the next hop:
// content-encoding, content-length if there is one, x-amz-content-sha256,
// x-amz-decoded-content-length and x-amz-trailer.
//
// The content coding aws-chunked goes from chunked bodies too: stores know them
// by x-amz-content-sha256, as they must for clients that leave it out (MinIO's,
// the AWS SDK for .NET), and some keep it as the object's own (versitygw, RustFS).
func (b *Body) Fields(f *wire.Fields) {
	if b.original != nil {
		return
	}
	f.Set("x-amz-content-sha256", b.payload)
	if _, sent := f.Lookup("content-length"); sent {
		f.Del("content-length")
		if b.size >= 0 {
			f.Add("content-length", strconv.FormatInt(b.size, 10))
		}
	}
	RemoveChunkedCoding(f)
	f.Del("x-amz-trailer")
	f.Del("x-amz-decoded-content-length")
	if b.frame == nil && b.signed == nil {
		return
	}
	f.Add("x-amz-decoded-content-length", strconv.FormatInt(b.promised, 10))
	if b.chunks != nil && b.chunks.trailer != nil {
		f.Add("x-amz-trailer", b.chunks.trailer.algorithm.field)
	}
}

const chunkedCoding = "aws-chunked"

func isChunkedCoding(coding string) bool { return strings.EqualFold(trimBlanks(coding), chunkedCoding) }

// RemoveChunkedCoding removes aws-chunked from the content codings, and the
// field if nothing is left. Values without it stay as they are.
func RemoveChunkedCoding(f *wire.Fields) {
	kept := (*f)[:0]
	for _, field := range *f {
		if field.Name == "content-encoding" {
			codings := strings.Split(field.Value, ",")
			if left := slices.DeleteFunc(codings, isChunkedCoding); len(left) == 0 {
				continue
			} else if len(left) < len(codings) {
				field.Value = trimBlanks(strings.Join(left, ","))
			}
		}
		kept = append(kept, field)
	}
	clear((*f)[len(kept):])
	*f = kept
}
