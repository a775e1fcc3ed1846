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
func (b *Body) Fields(f *wire.Fields) {
	f.Set("x-amz-content-sha256", b.payload)
	if _, sent := f.Lookup("content-length"); sent {
		f.Del("content-length")
		if b.size >= 0 {
			f.Add("content-length", strconv.FormatInt(b.size, 10))
		}
	}
	if b.frame == nil {
		removeChunkedCoding(f)
		f.Del("x-amz-trailer")
		f.Del("x-amz-decoded-content-length")
		return
	}
	addChunkedCoding(f)
	f.Set("x-amz-trailer", b.frame.trailer.algorithm.field)
	f.Set("x-amz-decoded-content-length", strconv.FormatInt(b.frame.length, 10))
}

const chunkedCoding = "aws-chunked"

func isChunkedCoding(coding string) bool { return strings.EqualFold(trimBlanks(coding), chunkedCoding) }

// addChunkedCoding puts aws-chunked before the content codings, where clients
// may leave it out.
func addChunkedCoding(f *wire.Fields) {
	first := -1
	for i, field := range *f {
		if field.Name != "content-encoding" {
			continue
		}
		for coding := range strings.SplitSeq(field.Value, ",") {
			if isChunkedCoding(coding) {
				return
			}
		}
		if first < 0 {
			first = i
		}
	}
	if first < 0 {
		f.Add("content-encoding", chunkedCoding)
		return
	}
	(*f)[first].Value = chunkedCoding + "," + (*f)[first].Value
}

// removeChunkedCoding removes aws-chunked from the content codings, and the
// field if nothing is left. Values without it stay as they are.
func removeChunkedCoding(f *wire.Fields) {
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
