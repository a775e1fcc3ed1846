package sigv4_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// chunked is an upload of aws-chunked data.
type chunked struct {
	payload, length, trailer string
	encode                   func(c *chunkChain) string
}

func (u chunked) request(t testing.TB) (*wire.Request, *sigv4.Verified) {
	return streaming(t, u.payload, u.length, u.trailer, u.encode)
}

// inEachAlgorithm calls f with the upload as it is and with its chunks signed
// with SigV4A, to be read in pieces of several sizes.
func (u chunked) inEachAlgorithm(f func(u chunked, piece int)) {
	v4a := u
	v4a.payload = strings.Replace(u.payload, "HMAC", "ECDSA-P256", 1)
	for _, piece := range []int{0, 1, 4097} {
		f(u, piece)
		if v4a.payload != u.payload {
			f(v4a, piece)
		}
	}
}

// edited applies changes, old and new in turn, to an encoded stream.
func edited(encode func(c *chunkChain) string, changes ...string) func(c *chunkChain) string {
	return func(c *chunkChain) string {
		stream := encode(c)
		for i := 0; i < len(changes); i += 2 {
			if !strings.Contains(stream, changes[i]) {
				panic("nothing to change: " + changes[i])
			}
			stream = strings.Replace(stream, changes[i], changes[i+1], 1)
		}
		return stream
	}
}

func TestChunkedBodies(t *testing.T) {
	t.Parallel()
	const crc = "x-amz-checksum-crc32"
	length := fmt.Sprint(len(big) + len(small))
	crcLine := crc + ":" + checksumOf("crc32", big+small)
	signed := func(c *chunkChain) string { return encodeSigned(c, "", big, small) }
	trailed := func(c *chunkChain) string { return encodeSigned(c, crcLine, big, small) }
	unsigned := func(*chunkChain) string { return encodeUnsigned(crcLine, big, small) }
	signedWith := func(trailer string) func(c *chunkChain) string {
		return func(c *chunkChain) string { return encodeSigned(c, trailer, big, small) }
	}
	unsignedWith := func(trailer string) func(c *chunkChain) string {
		return func(*chunkChain) string { return encodeUnsigned(trailer, big, small) }
	}
	tests := []struct {
		name string
		chunked
		code, message, detail string
	}{
		{"signed", chunked{plainSigned, length, "", signed}, "", "", ""},
		{"signed, nothing", chunked{plainSigned, "0", "", func(c *chunkChain) string { return encodeSigned(c, "") }}, "", "", ""},
		{"signed, one byte", chunked{plainSigned, "1", "", func(c *chunkChain) string { return encodeSigned(c, "", "x") }}, "", "", ""},
		{"signed trailer", chunked{trailerSigned, length, crc, trailed}, "", "", ""},
		{"signed trailer, nothing", chunked{trailerSigned, "0", crc, func(c *chunkChain) string { return encodeSigned(c, crc+":AAAAAA==") }}, "", "", ""},
		{"unsigned trailer", chunked{trailerOnly, length, crc, unsigned}, "", "", ""},
		{"unsigned trailer, nothing", chunked{trailerOnly, "0", crc, func(*chunkChain) string { return encodeUnsigned(crc + ":AAAAAA==") }}, "", "", ""},
		{"trailer name in upper case", chunked{trailerOnly, length, "X-Amz-Checksum-CRC32", unsigned}, "", "", ""},
		{"blanks around separators", chunked{plainSigned, length, "", edited(signed, ";chunk-signature=", " ; chunk-signature = ")}, "", "", ""},
		{"upper-case size", chunked{trailerOnly, "43983", "", func(*chunkChain) string {
			return edited(func(*chunkChain) string { return encodeUnsigned("", big[:43983]) }, "abcf", "ABCF")(nil)
		}}, "", "", ""},
		{"stray LF after a trailer", chunked{trailerSigned, length, crc, edited(trailed, "\r\nx-amz-trailer", "\n\r\nx-amz-trailer")}, "", "", ""},
		{"chunk of 8192 bytes in the middle", chunked{plainSigned, "8195", "", func(c *chunkChain) string { return encodeSigned(c, "", big[:8192], "end") }}, "", "", ""},

		{"wrong chunk signature", chunked{plainSigned, length, "", edited(signed, "0123456789", "0123456780")}, "SignatureDoesNotMatch", "", "AWSAccessKeyId=" + exampleID},
		{"wrong final signature", chunked{plainSigned, length, "", func(c *chunkChain) string {
			return edited(signed, "\r\n0;chunk-signature=", "\r\n0;chunk-signature="+c.padded(zeroSignature)+"\r\n\r\n")(c)
		}}, "SignatureDoesNotMatch", "", "SignatureProvided=" + zeroSignature},
		{"swapped chunks", chunked{plainSigned, "131072", "", func(c *chunkChain) string {
			stream := encodeSigned(c, "", big, strings.ToUpper(big))
			second := strings.LastIndex(stream, "10000;")
			last := strings.LastIndex(stream, "0;")
			return stream[second:last] + stream[:second] + stream[last:]
		}}, "SignatureDoesNotMatch", "", ""},
		{"upper-case signature", chunked{plainSigned, length, "", func(c *chunkChain) string {
			stream := signed(c)
			return "10000;chunk-signature=" + strings.ToUpper(stream[22:86]) + stream[86:]
		}}, "SignatureDoesNotMatch", "", ""},
		{"wrong trailer signature", chunked{trailerSigned, length, crc, func(c *chunkChain) string {
			return edited(trailed, "x-amz-trailer-signature:", "x-amz-trailer-signature:"+c.padded(zeroSignature)+"\r\n\r\n")(c)
		}}, "SignatureDoesNotMatch", "", "SignatureProvided=" + zeroSignature},
		{"another trailer value", chunked{trailerSigned, length, crc, edited(trailed, crcLine, crc+":AAAAAA==")}, "SignatureDoesNotMatch", "", ""},
		{"no final chunk", chunked{plainSigned, length, "", func(c *chunkChain) string {
			stream := signed(c)
			return stream[:strings.LastIndex(stream, "0;")]
		}}, "IncompleteBody", "The request body terminated unexpectedly", ""},
		{"no end after the final chunk", chunked{plainSigned, length, "", func(c *chunkChain) string { s := signed(c); return s[:len(s)-2] }}, "IncompleteBody", "", ""},
		{"half an end", chunked{trailerOnly, length, crc, func(c *chunkChain) string { s := unsigned(c); return s[:len(s)-1] }}, "IncompleteBody", "", ""},
		{"nothing at all", chunked{plainSigned, length, "", func(*chunkChain) string { return "" }}, "IncompleteBody", "", ""},
		{"nothing at all for nothing", chunked{plainSigned, "0", "", func(*chunkChain) string { return "" }}, "IncompleteBody", "", ""},
		{"lines end in LF", chunked{plainSigned, length, "", func(c *chunkChain) string { return strings.ReplaceAll(signed(c), "\r\n", "\n") }}, "IncompleteBody", "", ""},
		{"no signature", chunked{plainSigned, length, "", func(*chunkChain) string { return encodeUnsigned("", big, small) }}, "IncompleteBody", "", ""},
		{"blank signature", chunked{plainSigned, length, "", func(*chunkChain) string { return "10000;chunk-signature=\r\n" + big + "\r\n" }}, "IncompleteBody", "", ""},
		{"extra parameter", chunked{plainSigned, length, "", edited(signed, "\r\n", ";x=y\r\n")}, "IncompleteBody", "", ""},
		{"extension of an unsigned chunk", chunked{trailerOnly, length, crc, edited(unsigned, "10000\r\n", "10000;x=y\r\n")}, "IncompleteBody", "", ""},
		{"signed chunk where none is due", chunked{trailerOnly, length, crc, func(c *chunkChain) string { return trailed(c) }}, "IncompleteBody", "", ""},
		{"negative size", chunked{trailerOnly, length, crc, edited(unsigned, "10000", "-10000")}, "IncompleteBody", "", ""},
		{"empty size", chunked{trailerOnly, length, crc, edited(unsigned, "10000", "")}, "IncompleteBody", "", ""},
		{"overflowing size", chunked{trailerOnly, length, crc, edited(unsigned, "10000", "fffffffffffffffff")}, "IncompleteBody", "", ""},
		{"nine digits", chunked{trailerOnly, length, crc, edited(unsigned, "10000", "000010000")}, "IncompleteBody", "", ""},
		{"no CRLF after data", chunked{trailerOnly, length, crc, edited(unsigned, big+"\r\n", big+"xx")}, "IncompleteBody", "", ""},
		{"endless size line", chunked{trailerOnly, length, crc, edited(unsigned, "10000", strings.Repeat("0", 5000)+"10000")}, "IncompleteBody", "", ""},
		{"endless trailer", chunked{trailerOnly, length, crc, edited(unsigned, crcLine, crc+":"+strings.Repeat(" ", 5000)+"x")}, "IncompleteBody", "", ""},
		{"fewer bytes", chunked{plainSigned, fmt.Sprint(len(big) + len(small) + 1), "", signed}, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header", "NumberBytesProvided=" + length},
		{"more bytes", chunked{plainSigned, fmt.Sprint(len(big) + len(small) - 1), "", signed}, "IncompleteBody", "You did not provide", "NumberBytesProvided=" + length},
		{"bytes where none are due", chunked{plainSigned, "0", "", signed}, "IncompleteBody", "You did not provide", "NumberBytesExpected=0"},
		{"bytes after the end", chunked{plainSigned, length, "", func(c *chunkChain) string { return signed(c) + "x" }}, "IncompleteBody", "", ""},
		{"a second stream", chunked{trailerOnly, length, crc, func(c *chunkChain) string { return unsigned(c) + unsigned(c) }}, "IncompleteBody", "", ""},
		{"small chunk in the middle", chunked{plainSigned, "16383", "", func(c *chunkChain) string { return encodeSigned(c, "", big[:8191], big[:8192]) }}, "InvalidChunkSizeError", "Only the last chunk is allowed", "BadChunkSize=8191"},
		{"small unsigned chunk in the middle", chunked{trailerOnly, "16383", "", func(*chunkChain) string { return encodeUnsigned("", big[:8191], big[:8192]) }}, "InvalidChunkSizeError", "", "Chunk=1"},

		{"trailer missing", chunked{trailerSigned, length, crc, signedWith("")}, "MalformedTrailerError", "", ""},
		{"unsigned trailer missing", chunked{trailerOnly, length, crc, unsignedWith("")}, "MalformedTrailerError", "", ""},
		{"another trailer", chunked{trailerSigned, length, crc, signedWith("x-amz-checksum-crc32c:AAAAAA==")}, "MalformedTrailerError", "", ""},
		{"trailer not promised", chunked{trailerOnly, length, "", unsigned}, "MalformedTrailerError", "", ""},
		{"metadata as trailer", chunked{trailerOnly, length, crc, unsignedWith(crcLine + "\r\nx-amz-meta-a:b")}, "MalformedTrailerError", "", ""},
		{"trailer twice", chunked{trailerOnly, length, crc, unsignedWith(crcLine + "\r\n" + crcLine)}, "MalformedTrailerError", "", ""},
		{"trailer after its signature", chunked{trailerSigned, length, crc, func(c *chunkChain) string { s := trailed(c); return s[:len(s)-2] + crcLine + "\r\n\r\n" }}, "MalformedTrailerError", "", ""},
		{"trailer without signature", chunked{trailerSigned, length, crc, func(c *chunkChain) string {
			s := trailed(c)
			return s[:strings.Index(s, "x-amz-trailer-signature")] + "\r\n"
		}}, "MalformedTrailerError", "", ""},
		{"signature where none is due", chunked{trailerOnly, length, crc, unsignedWith(crcLine + "\r\nx-amz-trailer-signature:" + zeroSignature)}, "MalformedTrailerError", "", ""},
		{"trailer in a stream without", chunked{plainSigned, length, "", signedWith(crcLine)}, "MalformedTrailerError", "", ""},
		{"line without colon", chunked{trailerOnly, length, crc, unsignedWith(crc)}, "MalformedTrailerError", "", ""},
		{"two stray LFs", chunked{trailerSigned, length, crc, edited(trailed, "\r\nx-amz-trailer", "\n\n\r\nx-amz-trailer")}, "IncompleteBody", "", ""},
		{"wrong checksum", chunked{trailerOnly, length, crc, unsignedWith(crc + ":AAAAAA==")}, "BadDigest", "The CRC32 you specified did not match the calculated checksum.", ""},
		{"wrong signed checksum", chunked{trailerSigned, length, crc, signedWith(crc + ":AAAAAA==")}, "BadDigest", "", ""},
		{"no checksum", chunked{trailerOnly, length, crc, unsignedWith(crc + ":!")}, "InvalidRequest", "Value for x-amz-checksum-crc32 trailing header is invalid.", ""},

		{"no decoded length", chunked{plainSigned, "", "", signed}, "MissingContentLength", "", ""},
		{"negative decoded length", chunked{plainSigned, "-1", "", signed}, "MissingContentLength", "", ""},
		{"huge decoded length", chunked{plainSigned, "99999999999999999999", "", signed}, "MissingContentLength", "", ""},
		{"over 5 GiB", chunked{plainSigned, "5368709121", "", signed}, "EntityTooLarge", "", "MaxSizeAllowed=5368709120"},
		{"trailer that is no checksum", chunked{trailerOnly, length, "x-amz-meta-a", unsigned}, "InvalidRequest", "The value specified in the x-amz-trailer header is not supported", ""},
		{"trailer promised without mode", chunked{plainSigned, length, crc, signed}, "InvalidRequest", "The value specified in the x-amz-trailer", ""},
		{"two trailers", chunked{trailerOnly, length, crc + ",x-amz-checksum-sha1", unsigned}, "InvalidRequest", "Expecting a single x-amz-checksum- header", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.inEachAlgorithm(func(u chunked, piece int) {
				req, v := u.request(t)
				yielded, refusal := outcome(req, v, piece)
				if refusal != nil && complete(t, u, yielded) {
					t.Errorf("pieces of %d: refused, and yet the body ended well-formed", piece)
				}
				checkOriginal(t, u, piece, refusal)
				if tt.code == "" {
					if refusal != nil {
						t.Errorf("%s, pieces of %d: %v (%s)", u.payload, piece, refusal, refusal.Cause)
					}
					return
				}
				if refusal == nil {
					t.Fatalf("%s, pieces of %d: accepted", u.payload, piece)
				}
				if refusal.Code != tt.code || !strings.HasPrefix(refusal.Message, tt.message) {
					t.Errorf("%s, pieces of %d: %v (%s), want %s %q", u.payload, piece, refusal, refusal.Cause, tt.code, tt.message)
				}
				if name, value, found := strings.Cut(tt.detail, "="); found && strings.TrimRight(detail(refusal, name), "*") != value {
					t.Errorf("%s: %s = %q, want %q", u.payload, name, detail(refusal, name), value)
				}
			})
		})
	}
}

// checkOriginal reads the same upload as it came: all of it, with the same
// verdict, and never to its end if it does not hold.
func checkOriginal(t *testing.T, u chunked, piece int, want *wire.Refusal) {
	t.Helper()
	req, v := u.request(t)
	sent, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	req.Body = io.NopCloser(bytes.NewReader(sent))
	fields := slices.Clone(req.Fields)
	body, refusal := sigv4.NewOriginalBody(req, v, 0)
	var yielded string
	if refusal == nil && len(sent) == 0 {
		t.Errorf("%s, as it came: nothing was sent, and it is not refused at once", u.payload)
	}
	if refusal == nil {
		defer body.Close()
		if body.Size() != int64(len(sent)) {
			t.Errorf("%s: size %d, want %d", u.payload, body.Size(), len(sent))
		}
		body.Fields(&req.Fields)
		if !slices.Equal(fields, req.Fields) {
			t.Errorf("%s: the fields are others: %q", u.payload, req.Fields)
		}
		yielded, refusal = drain(body, piece)
	}
	switch {
	case (refusal == nil) != (want == nil) || refusal != nil && refusal.Code != want.Code:
		t.Errorf("%s, as it came: %v, want %v", u.payload, refusal, want)
	case refusal == nil && yielded != string(sent):
		t.Errorf("%s, as it came: %d other bytes", u.payload, len(yielded))
	case refusal != nil && (len(yielded) > 0 && len(yielded) >= len(sent) || !strings.HasPrefix(string(sent), yielded)):
		t.Errorf("%s, as it came: refused, and %d of %d bytes were yielded", u.payload, len(yielded), len(sent))
	}
}

// complete tells whether as much was yielded as was announced to the next hop.
func complete(t *testing.T, u chunked, yielded string) bool {
	req, v := u.request(t)
	body, refusal := sigv4.NewBody(req, v, 0)
	if refusal != nil {
		return yielded != ""
	}
	defer body.Close()
	return int64(len(yielded)) >= body.Size()
}

func TestTrailerChecksums(t *testing.T) {
	t.Parallel()
	for name := range checksums {
		trailer := "x-amz-checksum-" + name
		upload := chunked{trailerOnly, fmt.Sprint(len(big)), trailer, func(*chunkChain) string {
			return encodeUnsigned(trailer+":"+checksumOf(name, big), big)
		}}
		req, v := upload.request(t)
		body, refusal := sigv4.NewBody(req, v, 0)
		if refusal != nil {
			t.Fatal(refusal)
		}
		yielded, err := readAll(body, 0)
		if err != nil || int64(len(yielded)) != body.Size() {
			t.Errorf("%s: %d of %d bytes, %v", name, len(yielded), body.Size(), err)
		}
	}
}

// TestChecksumInTwoPlaces: a checksum comes as a field or as a trailer.
func TestChecksumInTwoPlaces(t *testing.T) {
	t.Parallel()
	req, v := chunked{trailerOnly, "7", "x-amz-checksum-crc32", func(*chunkChain) string { return encodeUnsigned("", small) }}.request(t)
	req.Fields.Add("x-amz-checksum-sha1", checksumOf("sha1", small))
	_, refusal := sigv4.NewBody(req, v, 0)
	expectRefusal(t, refusal, 400, "InvalidRequest", "Expecting a single x-amz-checksum- header", "")
	req = newRequest(t, "PUT", exampleHost, "/", small, "x-amz-checksum-sha1", checksumOf("sha1", small), "x-amz-checksum-crc32", checksumOf("crc32", small))
	_, refusal = sigv4.NewBody(req, nil, 0)
	expectRefusal(t, refusal, 400, "InvalidRequest", "Expecting a single x-amz-checksum- header", "")
}
