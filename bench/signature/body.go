package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"net/http"
	"runtime"
	"strconv"

	"github.com/minio/minio-go/v7/pkg/signer"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// body is an upload that is verified while it is read.
type body struct {
	name string
	// request makes one of data that the SDK or minio-go signed; its body is as
	// it is on the wire.
	request func(data []byte) (*wire.Request, []byte, error)
	// resigned tells that it is signed again for the next hop while it is read.
	resigned bool
	// goal is how many times the time of SHA-256 it may take; 0 if there is none.
	goal float64
}

// bodies are the rows of the second table. A further one is a further row.
var bodies = []body{
	{"nothing verified (`UNSIGNED-PAYLOAD`)", plain(func([]byte) string { return "UNSIGNED-PAYLOAD" }), false, 0},
	{"hashed", plain(hexHash), false, 1.1},
	{"signed chunks of 64 KiB", signedChunks, false, 1.1},
	{"signed chunks of 64 KiB, signed again for the store", signedChunks, true, 0},
	{"unsigned chunks, CRC-32 in a trailer", unsignedTrailer, false, 0},
	{"unsigned chunks, CRC-32 in a trailer, signed for the store", unsignedTrailer, true, 0},
}

func hexHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func upload() (*http.Request, error) {
	return http.NewRequest(http.MethodPut, "https://bucket.s3.us-east-1.amazonaws.com/object", nil)
}

// signed is the request with a signature, and its body.
func signed(r *http.Request, payload string, sent []byte) (*wire.Request, []byte, error) {
	r.Header.Set("X-Amz-Content-Sha256", payload)
	if err := sdkSigner().SignHTTP(r.Context(), sdkCredentials, r, payload, service, region, now); err != nil {
		return nil, nil, err
	}
	req, err := arrived(r)
	return req, sent, err
}

func plain(line func([]byte) string) func(data []byte) (*wire.Request, []byte, error) {
	return func(data []byte) (*wire.Request, []byte, error) {
		r, err := upload()
		if err != nil {
			return nil, nil, err
		}
		return signed(r, line(data), data)
	}
}

// hasher is SHA-256 as minio-go wants it.
type hasher struct{ hash.Hash }

// Close implements md5simd.Hasher.
func (hasher) Close() {}

// signedChunks is what minio-go sends.
func signedChunks(data []byte) (*wire.Request, []byte, error) {
	r, err := upload()
	if err != nil {
		return nil, nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
	r = signer.StreamingSignV4(r, accessKeyID, secretAccessKey, "", region, int64(len(data)), now, hasher{sha256.New()})
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, nil, err
	}
	r.Body = nil
	req, err := arrived(r)
	return req, sent, err
}

// unsignedTrailer is what SDKs send over TLS: one chunk for each mebibyte.
func unsignedTrailer(data []byte) (*wire.Request, []byte, error) {
	r, err := upload()
	if err != nil {
		return nil, nil, err
	}
	var sent bytes.Buffer
	for rest := data; len(rest) > 0; {
		chunk := rest[:min(len(rest), mebibyte)]
		fmt.Fprintf(&sent, "%x\r\n%s\r\n", len(chunk), chunk)
		rest = rest[len(chunk):]
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
	fmt.Fprintf(&sent, "0\r\nx-amz-checksum-crc32:%s\r\n\r\n", base64.StdEncoding.EncodeToString(sum))
	r.Header.Set("Content-Encoding", "aws-chunked")
	r.Header.Set("X-Amz-Decoded-Content-Length", strconv.Itoa(len(data)))
	r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
	return signed(r, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", sent.Bytes())
}

const (
	mebibyte = 1 << 20
	piece    = 64 << 10 // what is read at once, by all
)

// reader reads a body through its verifier, over and over.
type reader struct {
	request  *wire.Request
	verified *sigv4.Verified
	sent     []byte
	buffer   []byte
	// signer signs the body for the next hop; nil if it is not.
	signer *sigv4.Signer
}

// newReader makes a reader of size bytes, and checks that it takes them, and
// does not take them with one byte changed.
func newReader(b *body, size int) (*reader, error) {
	req, sent, err := b.request(payload(size))
	if err != nil {
		return nil, err
	}
	verified, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, params())
	if refusal != nil {
		return nil, fmt.Errorf("%s: what was signed is refused: %w", b.name, refusal)
	}
	r := &reader{request: req, verified: verified, sent: sent, buffer: make([]byte, max(piece, sigv4.ReadSize))}
	if b.resigned {
		r.signer = sigv4.NewSigner()
	}
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("%s: %w", b.name, err)
	}
	if verified.Payload == "UNSIGNED-PAYLOAD" {
		return r, nil
	}
	middle := &sent[len(sent)/2+100]
	*middle ^= 1
	err = r.read()
	*middle ^= 1
	if err == nil {
		return nil, fmt.Errorf("%s: another body is taken", b.name)
	}
	return r, nil
}

// read reads the body once.
func (r *reader) read() error {
	r.request.Body, r.request.BodySize = io.NopCloser(bytes.NewReader(r.sent)), int64(len(r.sent))
	body, refusal := sigv4.NewBody(r.request, r.verified, 0)
	if refusal != nil {
		return refusal
	}
	if r.signer != nil {
		if refusal := body.Resign(sigv4.PayloadSigned); refusal != nil {
			return refusal
		}
		next := r.request.Clone()
		body.Fields(&next.Fields)
		r.signer.SignBody(next, body, credentials, service, region, now)
	}
	for {
		if _, err := body.Read(r.buffer); err != nil {
			if err == io.EOF {
				return body.Close()
			}
			return errors.Join(err, body.Close())
		}
	}
}

// do reads the body n times.
func (r *reader) do(n int) {
	for range n {
		if err := r.read(); err != nil {
			panic(err)
		}
	}
}

// allocated is the memory that one reading allocates, in bytes.
func (r *reader) allocated() float64 {
	const times = 5
	r.do(1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r.do(times)
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / times
}

// sha is SHA-256 alone, of the same bytes read in the same pieces.
func sha(size int) func(n int) {
	data, buffer, h := payload(size), make([]byte, piece), sha256.New()
	return func(n int) {
		for range n {
			h.Reset()
			source := bytes.NewReader(data)
			for {
				n, err := source.Read(buffer)
				if err != nil {
					break
				}
				h.Write(buffer[:n])
			}
			h.Sum(nil)
		}
	}
}

// payload is what is uploaded.
func payload(size int) []byte { return bytes.Repeat([]byte("sallyport"), size/9+1)[:size] }
