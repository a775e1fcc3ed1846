package proxy

import (
	"bytes"
	"crypto/md5" // Content-MD5 is what the protocol asks for; nothing trusts it.
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

const hashSize = sha256.Size

// KeepItems is the rewrite of a request that the protocol answers item by
// item: the body holds only the items that nothing refused, and its digests
// are computed again. The request given is not changed.
func KeepItems(req *wire.Request, items action.PerItem, refused []*wire.Refusal) *wire.Request {
	body := items.Request(func(item int) bool { return refused[item] == nil })
	out := buffered(req, body)
	kept := out.Fields[:0]
	for _, f := range out.Fields {
		if !isChecksum(f.Name) {
			kept = append(kept, f)
		}
	}
	out.Fields = kept
	out.RemoveParams(isChecksum)
	digest := md5.Sum(body)
	out.Fields.Set("content-md5", base64.StdEncoding.EncodeToString(digest[:]))
	sum := sha256.Sum256(body)
	out.Fields.Set("x-amz-content-sha256", hex.EncodeToString(sum[:]))
	return out
}

// isChecksum tells whether a field, or a parameter that stands for one, is about
// a checksum of the body.
func isChecksum(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "x-amz-checksum-") || name == "x-amz-sdk-checksum-algorithm"
}

// buffered is the request with a body that was read whole and verified.
func buffered(req *wire.Request, body []byte) *wire.Request {
	out := *req
	out.Fields = req.Fields.Clone()
	out.Body = readCloser{bytes.NewReader(body)}
	out.BodySize = int64(len(body))
	if _, ok := out.Fields.Lookup("content-length"); ok {
		out.Fields.Set("content-length", strconv.Itoa(len(body)))
	}
	return &out
}

// readCloser is a body in memory.
type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// hashOf is the hash of a body in memory, which is read again afterwards.
func hashOf(req *wire.Request) string {
	r, ok := req.Body.(readCloser)
	if !ok {
		return sigv4.EmptyPayload
	}
	h := sha256.New()
	_, _ = r.WriteTo(h)
	_, _ = r.Seek(0, io.SeekStart)
	return hex.EncodeToString(h.Sum(nil))
}
