//go:build unix

package e2e_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// The payload lines of chunked bodies.
const (
	signedChunks        = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	signedChunksTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	unsignedTrailer     = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

func checksum(text string) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(text))))
}

// upload is a PUT whose body comes as one of the payload lines says. change, if
// set, spoils the body once it is written.
type upload struct {
	payload string
	data    []string // the chunks
	// breakSignatureOf is the chunk whose signature is wrong, from 1.
	breakSignatureOf int
	trailer          string // "name:value"; its name is announced
	fields           []string
	change           func(body string) string
}

// data of three chunks: those before the last have 8 KiB at least.
var data = []string{strings.Repeat("a", 64<<10), strings.Repeat("b", 64<<10), "end"}

func (u upload) message(t testing.TB, p place, target string) *message {
	t.Helper()
	whole := strings.Join(u.data, "")
	if u.payload != signedChunks && u.payload != signedChunksTrailer && u.payload != unsignedTrailer {
		body := whole
		if u.change != nil {
			body = u.change(body)
		}
		return p.signed(t, "PUT", target, u.payload, append(u.fields, "Content-Length: "+strconv.Itoa(len(whole)))...).carrying(body)
	}
	fields := append(u.fields, "Content-Encoding: aws-chunked", "X-Amz-Decoded-Content-Length: "+strconv.Itoa(len(whole)))
	name, _, _ := strings.Cut(u.trailer, ":")
	var trailers []string
	if u.trailer != "" {
		fields = append(fields, "X-Amz-Trailer: "+name)
		trailers = []string{u.trailer}
	}
	encode := func(m *message) string {
		if u.payload == unsignedTrailer {
			var text strings.Builder
			for _, chunk := range u.data {
				fmt.Fprintf(&text, "%x\r\n%s\r\n", len(chunk), chunk)
			}
			text.WriteString("0\r\n")
			for _, trailer := range trailers {
				text.WriteString(trailer + "\r\n")
			}
			return text.String() + "\r\n"
		}
		c := m.chunked()
		c.breakSignatureOf = u.breakSignatureOf
		for _, chunk := range u.data {
			c.add(chunk)
		}
		return c.end(trailers...)
	}
	// The length is signed and does not depend on the signature: once to know
	// it, once to mean it.
	length := len(encode(p.signed(t, "PUT", target, u.payload, fields...)))
	m := p.signed(t, "PUT", target, u.payload, append(fields, "Content-Length: "+strconv.Itoa(length))...)
	body := encode(m)
	if u.change != nil {
		body = u.change(body)
	}
	return m.carrying(body)
}

// TestChunkedUploads: every form in which SDKs send a body arrives as the
// object.
func TestChunkedUploads(t *testing.T) {
	t.Parallel()
	p, bucket := at(admin), bucket(t)
	whole := strings.Join(data, "")
	tests := []struct {
		name   string
		upload upload
	}{
		{"hash", upload{payload: sum256(whole), data: data}},
		{"unsigned", upload{payload: unsigned, data: data}},
		{"signed chunks", upload{payload: signedChunks, data: data}},
		{"signed chunks with a checksum", upload{payload: signedChunksTrailer, data: data, trailer: "x-amz-checksum-crc32:" + checksum(whole)}},
		{"unsigned chunks with a checksum", upload{payload: unsignedTrailer, data: data, trailer: "x-amz-checksum-crc32:" + checksum(whole)}},
		{"empty, signed chunks", upload{payload: signedChunks}},
		{"empty, unsigned chunks with a checksum", upload{payload: unsignedTrailer, trailer: "x-amz-checksum-crc32:" + checksum("")}},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := strconv.Itoa(i)
			if response, body := exchange(t, p.endpoint, tt.upload.message(t, p, "/"+bucket+"/"+key).String()); response.StatusCode != 200 {
				t.Fatalf("%d %s", response.StatusCode, body)
			}
			if got, _ := stored(t, bucket, key); got != strings.Join(tt.upload.data, "") {
				t.Errorf("the store holds %d other bytes", len(got))
			}
			head, err := shared.store.Client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				t.Fatal(err)
			}
			// versitygw keeps the framing of chunks as the object's encoding, if it
			// is told of it.
			encoding := aws.ToString(head.ContentEncoding)
			if !direct() && strings.Contains(encoding, "aws-chunked") {
				t.Errorf("the object's content-encoding is %q", encoding)
			}
		})
	}
}

// TestMuseum_01_badBodies: a body that does not hold what its signature or its
// checksum says never becomes an object, however late that shows.
func TestMuseum_01_badBodies(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket, doors := bucket(t), signingDoors(t, upstream(shared.store))
	whole := strings.Join(data, "")
	lastByte := func(body string) string { return body[:len(body)-1] + "!" }
	flip := func(old, new string) func(string) string {
		return func(body string) string {
			if !strings.Contains(body, old) {
				t.Fatalf("the body holds no %q", old)
			}
			i := strings.LastIndex(body, old)
			return body[:i] + new + body[i+len(old):]
		}
	}
	tests := []struct {
		name   string
		upload upload
		code   string
	}{
		{"the hash of something else", upload{payload: sum256("else"), data: data}, "XAmzContentSHA256Mismatch"},
		{"the last byte changed", upload{payload: sum256(whole), data: data, change: lastByte}, "XAmzContentSHA256Mismatch"},
		{"one byte, changed", upload{payload: sum256("x"), data: []string{"y"}}, "XAmzContentSHA256Mismatch"},
		{"the first chunk's signature", upload{payload: signedChunks, data: data, breakSignatureOf: 1}, "SignatureDoesNotMatch"},
		{"the last chunk's signature", upload{payload: signedChunks, data: data, breakSignatureOf: 3}, "SignatureDoesNotMatch"},
		{"the final chunk's signature", upload{payload: signedChunks, data: data, breakSignatureOf: 4}, "SignatureDoesNotMatch"},
		{"a chunk's data", upload{payload: signedChunks, data: data, change: flip("end", "eNd")}, "SignatureDoesNotMatch"},
		{"the chunks' signatures left out", upload{payload: signedChunks, data: data, change: flip(";chunk-signature=", ";chunk-sIgnature=")}, "*"},
		{"the trailer's checksum, signed", upload{payload: signedChunksTrailer, data: data, trailer: "x-amz-checksum-crc32:" + checksum("else")}, "BadDigest"},
		{"the trailer's signature", upload{payload: signedChunksTrailer, data: data, trailer: "x-amz-checksum-crc32:" + checksum(whole), change: flip("x-amz-trailer-signature:", "x-amz-trailer-signature:0")}, "*"},
		{"the trailer changed on the way", upload{payload: signedChunksTrailer, data: data, trailer: "x-amz-checksum-crc32:" + checksum(whole), change: flip("x-amz-checksum-crc32:", "x-amz-checksum-crc32:A")}, "*"},
		{"the trailer's checksum, unsigned", upload{payload: unsignedTrailer, data: data, trailer: "x-amz-checksum-crc32:" + checksum("else")}, "BadDigest"},
		{"another trailer than announced", upload{payload: unsignedTrailer, data: data, trailer: "x-amz-checksum-crc32:" + checksum(whole), change: flip("crc32:", "crc3c:")}, "*"},
		{"data changed under an unsigned trailer", upload{payload: unsignedTrailer, data: data, trailer: "x-amz-checksum-crc32:" + checksum(whole), change: flip("end", "eNd")}, "BadDigest"},
		{"no chunk header", upload{payload: signedChunks, data: data, change: func(body string) string { return strings.Repeat("z", len(body)) }}, "*"},
		{"a chunk larger than all", upload{payload: unsignedTrailer, data: data, trailer: "x-amz-checksum-crc32:" + checksum(whole), change: flip("3\r\nend", "f\r\nend")}, "*"},
		{"a checksum in the header", upload{payload: unsigned, data: data, fields: []string{"x-amz-checksum-crc32: " + checksum("else")}}, "BadDigest"},
	}
	for i := range 3 * len(tests) {
		tt, door := tests[i/3], []string{"auto", "unsigned", "signed"}[i%3]
		t.Run(tt.name+", "+door, func(t *testing.T) {
			p, key := doors[door], strconv.Itoa(i)
			l := dial(t, p.endpoint)
			l.say(tt.upload.message(t, p, "/"+bucket+"/"+key).String())
			// A body that stops making sense may also get no more than this.
			l.Conn.(interface{ CloseWrite() error }).CloseWrite()
			response, body, err := l.tryAnswer()
			switch {
			case err != nil:
				t.Errorf("no answer: %v", err)
			case response.StatusCode < 400 || response.StatusCode > 499:
				t.Errorf("answered %d %s", response.StatusCode, body)
			case tt.code != "*" && !strings.Contains(body, "<Code>"+tt.code+"</Code>"):
				t.Errorf("answered %d %s, want %s", response.StatusCode, body, tt.code)
			}
			if _, ok := stored(t, bucket, key); ok {
				got, _ := stored(t, bucket, key)
				t.Errorf("the object is in the store with %d bytes", len(got))
			}
		})
	}
}

// TestMuseum_23_truncatedBodies: a body that ends early is no object, and one
// that a decision needs is no decision.
func TestMuseum_23_truncatedBodies(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket, doors := bucket(t), signingDoors(t, upstream(shared.store))
	put(t, bucket, "victim", "x")
	whole := strings.Join(data, "")
	half := func(body string) string { return body[:len(body)/2] }
	most := func(body string) string { return body[:len(body)-1] }
	tests := []struct {
		name   string
		upload upload
	}{
		{"hash, half", upload{payload: sum256(whole), data: data, change: half}},
		{"hash, but for a byte", upload{payload: sum256(whole), data: data, change: most}},
		{"unsigned, but for a byte", upload{payload: unsigned, data: data, change: most}},
		{"signed chunks, half", upload{payload: signedChunks, data: data, change: half}},
		{"signed chunks, but for a byte", upload{payload: signedChunks, data: data, change: most}},
		{"unsigned trailer, half", upload{payload: unsignedTrailer, data: data, trailer: "x-amz-checksum-crc32:" + checksum(whole), change: half}},
	}
	for i, tt := range tests {
		for _, way := range []string{"auto half-closed", "auto closed", "unsigned half-closed", "unsigned closed", "signed half-closed", "signed closed"} {
			door, how, _ := strings.Cut(way, " ")
			t.Run(tt.name+", "+way, func(t *testing.T) {
				p, key := doors[door], fmt.Sprintf("%d-%s-%s", i, door, how)
				l := dial(t, p.endpoint)
				l.say(tt.upload.message(t, p, "/"+bucket+"/"+key).String())
				if how == "closed" {
					l.Close()
				} else {
					l.Conn.(interface{ CloseWrite() error }).CloseWrite()
					if response, body, err := l.tryAnswer(); err == nil && response.StatusCode < 400 {
						t.Errorf("answered %d %s", response.StatusCode, body)
					}
				}
				if _, ok := stored(t, bucket, key); ok {
					got, _ := stored(t, bucket, key)
					t.Errorf("the object is in the store with %d bytes", len(got))
				}
			})
		}
	}
	t.Run("multi-delete", func(t *testing.T) {
		body := "<Delete><Object><Key>victim</Key></Object></Delete>"
		p := doors["auto"]
		m := p.signed(t, "POST", "/"+bucket+"?delete", unsigned, fmt.Sprintf("Content-Length: %d", len(body)+1)).carrying(body)
		l := dial(t, p.endpoint)
		l.say(m.String())
		l.Conn.(interface{ CloseWrite() error }).CloseWrite()
		if response, body, err := l.tryAnswer(); err == nil && response.StatusCode < 400 {
			t.Errorf("answered %d %s", response.StatusCode, body)
		}
		if _, ok := stored(t, bucket, "victim"); !ok {
			t.Error("half a multi-delete deleted")
		}
	})
}
