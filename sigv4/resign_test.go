package sigv4_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

const unsigned = "UNSIGNED-PAYLOAD"

// storeCredentials are other than the client's.
var storeCredentials = sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: secret.New("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")}

// resigned is a request as the next hop gets it.
func resigned(t testing.TB, req *wire.Request, v *sigv4.Verified, signing sigv4.PayloadSigning) (*wire.Request, *sigv4.Body, *wire.Refusal) {
	t.Helper()
	body, refusal := sigv4.NewBody(req, v, 0)
	if refusal != nil {
		return nil, nil, refusal
	}
	t.Cleanup(func() { _ = body.Close() })
	if refusal := body.Resign(signing); refusal != nil {
		return nil, nil, refusal
	}
	out := clone(req)
	out.Body, out.BodySize = body, body.Size()
	body.Fields(&out.Fields)
	sigv4.NewSigner().SignBody(out, body, storeCredentials, "s3", "us-east-1", exampleNow)
	return out, body, nil
}

// storeChain continues the signature that a request to the next hop bears.
func storeChain(req *wire.Request) *chunkChain {
	c := exampleChain()
	key := []byte("AWS4" + storeCredentials.SecretAccessKey.Reveal())
	for part := range strings.SplitSeq(c.scope, "/") {
		key = mac(key, part)
	}
	c.sign = func(toSign string) string { return hex.EncodeToString(mac(key, toSign)) }
	_, c.previous, _ = strings.Cut(req.Fields.Get("authorization"), "Signature=")
	return c
}

// pieces cuts data as the chunks for the next hop are cut.
func pieces(data string) []string {
	var out []string
	for ; len(data) > 64<<10; data = data[64<<10:] {
		out = append(out, data[:64<<10])
	}
	if data != "" {
		out = append(out, data)
	}
	return out
}

// TestResignPublishedVector signs the published upload with a trailer, whose
// chunks have our size, with the published key.
func TestResignPublishedVector(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("a", 66560)
	req := newRequest(t, "PUT", "s3.amazonaws.com", "/examplebucket/chunkObject.txt", "",
		"x-amz-content-sha256", trailerOnly, "x-amz-storage-class", "REDUCED_REDUNDANCY", "x-amz-decoded-content-length", "66560", "x-amz-trailer", "x-amz-checksum-crc32c")
	setBody(req, encodeUnsigned("x-amz-checksum-crc32c:sOO8/Q==", data))
	body, refusal := sigv4.NewBody(req, nil, 0)
	if refusal == nil {
		refusal = body.Resign(sigv4.PayloadSigned)
	}
	if refusal != nil {
		t.Fatal(refusal)
	}
	body.Fields(&req.Fields)
	req.Fields.Add("content-encoding", "aws-chunked") // the example signs it
	sigv4.NewSigner().SignBody(req, body, exampleCredentials, "s3", "us-east-1", exampleNow)
	if got := req.Fields.Get("authorization"); !strings.HasSuffix(got, "=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e") {
		t.Errorf("the seed is another: %s", got)
	}
	want := "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" + data[:65536] + "\r\n" +
		"400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" + data[65536:] + "\r\n" +
		"0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" +
		"x-amz-checksum-crc32c:sOO8/Q==\r\n" +
		"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
	got, err := io.ReadAll(body)
	if err != nil || string(got) != want || body.Size() != int64(len(want)) {
		t.Errorf("%d bytes of %d, %v; want %d; they end in %q", len(got), body.Size(), err, len(want), got[max(0, len(got)-400):])
	}
}

// client is a way in which a client sends data.
type client struct {
	name    string
	trailer bool // with a CRC32C in a trailer
	request func(t testing.TB, data string) (*wire.Request, *sigv4.Verified)
}

// clients are all payload lines. Chunks have the size of ours, or another.
func clients() []client {
	const crc = "x-amz-checksum-crc32c"
	chunked := func(payload string, size int) func(t testing.TB, data string) (*wire.Request, *sigv4.Verified) {
		return func(t testing.TB, data string) (*wire.Request, *sigv4.Verified) {
			var chunks []string
			for rest := data; rest != ""; {
				n := min(size, len(rest))
				chunks, rest = append(chunks, rest[:n]), rest[n:]
			}
			name, trailer := "", ""
			if strings.HasSuffix(payload, "TRAILER") {
				name, trailer = crc, crc+":"+checksumOf("crc32c", data)
			}
			return streaming(t, payload, fmt.Sprint(len(data)), name, func(c *chunkChain) string {
				if payload == trailerOnly {
					return encodeUnsigned(trailer, chunks...)
				}
				return encodeSigned(c, trailer, chunks...)
			})
		}
	}
	plain := func(payload func(string) string) func(t testing.TB, data string) (*wire.Request, *sigv4.Verified) {
		return func(t testing.TB, data string) (*wire.Request, *sigv4.Verified) {
			return verifiedPut(t, data, payload(data))
		}
	}
	return []client{
		{"hash", false, plain(hashOf)},
		{"unsigned", false, plain(func(string) string { return unsigned })},
		{"signed chunks", false, chunked(plainSigned, 64<<10)},
		{"signed chunks of 8 KiB", false, chunked(plainSigned, 8<<10)},
		{"signed chunks of 100000", false, chunked(plainSigned, 100000)},
		{"signed trailer", true, chunked(trailerSigned, 64<<10)},
		{"signed trailer, chunks of 1 MiB", true, chunked(trailerSigned, 1<<20)},
		{"SigV4A chunks", false, chunked(plainSignedV4A, 64<<10)},
		{"SigV4A trailer", true, chunked(trailerSignedV4A, 100000)},
		{"unsigned trailer", true, chunked(trailerOnly, 1<<20)},
	}
}

// TestResign: what goes on for each way to send and each way to sign, byte for
// byte, and that a store finds it right.
func TestResign(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("sallyport", 200000/9+1)
	p := s3Params(exampleNow)
	p.Keys = keys{storeCredentials.AccessKeyID: storeCredentials.SecretAccessKey.Reveal()}
	want := map[string][3]string{ // auto, unsigned, signed
		"hash":             {"hash", unsigned, "hash"},
		"unsigned":         {unsigned, unsigned, plainSigned},
		"signed chunks":    {plainSigned, unsigned, plainSigned},
		"signed trailer":   {trailerSigned, trailerOnly, trailerSigned},
		"SigV4A chunks":    {plainSigned, unsigned, plainSigned},
		"SigV4A trailer":   {trailerSigned, trailerOnly, trailerSigned},
		"unsigned trailer": {trailerOnly, trailerOnly, trailerSigned},
	}
	for _, c := range clients() {
		for signing := sigv4.PayloadAuto; signing <= sigv4.PayloadSigned; signing++ {
			for i, size := range []int{0, 1, 8191, 8192, 65535, 65536, 65537, 131072, 131073, 200000} {
				piece := []int{1000, sigv4.ReadSize, 300000}[(i+int(signing))%3]
				t.Run(fmt.Sprintf("%s/%d/%d", c.name, signing, size), func(t *testing.T) {
					t.Parallel()
					data := content[:size]
					req, v := c.request(t, data)
					out, body, refusal := resigned(t, req, v, signing)
					if refusal != nil {
						t.Fatal(refusal)
					}
					kind, _, _ := strings.Cut(c.name, " of")
					kind, _, _ = strings.Cut(kind, ",")
					payload := want[kind][signing]
					encoded, trailer := data, ""
					if c.trailer {
						trailer = "x-amz-checksum-crc32c:" + checksumOf("crc32c", data)
					}
					switch {
					case payload == "hash", payload == plainSigned && size == 0:
						payload = hashOf(data)
					case payload == trailerOnly:
						encoded = encodeUnsigned(trailer, pieces(data)...)
					case payload != unsigned:
						encoded = encodeSigned(storeChain(out), trailer, pieces(data)...)
					}
					if got := out.Fields.Get("x-amz-content-sha256"); got != payload || out.Fields.Count("content-encoding") != 0 {
						t.Errorf("x-amz-content-sha256: %s, want %s; content-encoding: %q", got, payload, out.Fields.Get("content-encoding"))
					}
					if body.Size() != int64(len(encoded)) {
						t.Errorf("Size() = %d, want %d", body.Size(), len(encoded))
					}
					comes := kind != "hash" && kind != "unsigned"
					if goes := encoded != data; body.InChunks() != (comes || goes) {
						t.Errorf("InChunks() = %t; it comes so: %t, and goes on so: %t", body.InChunks(), comes, goes)
					}
					yielded, err := readAll(body, piece)
					if err != nil || string(yielded) != encoded {
						t.Fatalf("%d bytes of %d, %v", len(yielded), len(encoded), err)
					}
					setBody(out, string(yielded))
					arrived, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(out, p)
					if refusal != nil {
						t.Fatal(refusal)
					}
					stored, refusal := outcome(out, arrived, 0)
					if c.trailer {
						stored = naiveDecode(stored)
					}
					if refusal != nil || stored != data {
						t.Errorf("a store gets %d bytes, %v", len(stored), refusal)
					}
				})
			}
		}
	}
}

// TestResignNeverCompletes: of a body that fails, the final chunk is not
// yielded, nor the chunk that shows the failure.
func TestResignNeverCompletes(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("x", 200000)
	for _, c := range clients() {
		if c.name == "hash" {
			continue
		}
		req, v := c.request(t, data)
		raw, _ := io.ReadAll(req.Body)
		spoilt := map[string]func() (string, int64){
			"cut short":       func() (string, int64) { return string(raw[:len(raw)-1]), int64(len(raw)) },
			"cut in half":     func() (string, int64) { return string(raw[:len(raw)/2]), int64(len(raw)) },
			"a byte too many": func() (string, int64) { return string(raw) + "x", int64(len(raw)) },
		}
		if c.name != "unsigned" {
			spoilt["first byte of data"] = func() (string, int64) {
				return strings.Replace(string(raw), "\r\nxx", "\r\nyx", 1), int64(len(raw))
			}
			spoilt["last byte of data"] = func() (string, int64) {
				at := strings.LastIndex(string(raw), "xx\r\n")
				return string(raw[:at]) + "xy" + string(raw[at+2:]), int64(len(raw))
			}
			spoilt["shorter, as its Content-Length says"] = func() (string, int64) { return string(raw[:len(raw)/2]), int64(len(raw) / 2) }
		}
		if c.trailer {
			spoilt["trailer"] = func() (string, int64) {
				return strings.Replace(string(raw), "crc32c:", "crc32c:A", 1), int64(len(raw))
			}
		}
		for how, change := range spoilt {
			for _, piece := range []int{1000, sigv4.ReadSize} {
				text, size := change()
				attempt := clone(req)
				attempt.Body, attempt.BodySize = io.NopCloser(strings.NewReader(text)), size
				_, body, refusal := resigned(t, attempt, v, sigv4.PayloadSigned)
				if refusal != nil {
					t.Fatalf("%s, %s: %v", c.name, how, refusal)
				}
				got, err := readAll(body, piece)
				if err == nil || body.Refusal() == nil || int64(len(got)) >= body.Size() || strings.Contains(string(got), "\r\n0;chunk") {
					t.Errorf("%s, %s: %d bytes of %d, %v", c.name, how, len(got), body.Size(), err)
				}
				if n, again := body.Read(make([]byte, 10)); n != 0 || again == nil || again == io.EOF {
					t.Errorf("%s, %s: a Read after the failure: %d, %v", c.name, how, n, again)
				}
			}
		}
	}
}

func TestResignUnknownLength(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		signing sigv4.PayloadSigning
		payload string
		refused bool
	}{
		{"hash", sigv4.PayloadSigned, hashOf(small), false},
		{"unsigned, as it came", sigv4.PayloadAuto, unsigned, false},
		{"unsigned, to be signed", sigv4.PayloadSigned, unsigned, true},
	}
	for _, tt := range tests {
		req, v := verifiedPut(t, small, tt.payload)
		req.BodySize = -1
		_, body, refusal := resigned(t, req, v, tt.signing)
		if tt.refused {
			expectRefusal(t, refusal, 411, "MissingContentLength", "", "")
			continue
		}
		if refusal != nil {
			t.Fatalf("%s: %v", tt.name, refusal)
		}
		if got, err := io.ReadAll(body); string(got) != small || err != nil || body.Size() != -1 {
			t.Errorf("%s: %q of %d, %v", tt.name, got, body.Size(), err)
		}
	}
	// What is sent in chunks has a length, whatever its framing.
	req, v := streaming(t, plainSigned, "7", "", func(c *chunkChain) string { return encodeSigned(c, "", small) })
	req.BodySize = -1
	out, body, refusal := resigned(t, req, v, sigv4.PayloadAuto)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if got, err := io.ReadAll(body); string(got) != encodeSigned(storeChain(out), "", small) || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestResignNotSigned: a body that is to be signed and was not, is not sent.
func TestResignNotSigned(t *testing.T) {
	t.Parallel()
	req, v := verifiedPut(t, small, unsigned)
	body, refusal := sigv4.NewBody(req, v, 0)
	if refusal == nil {
		refusal = body.Resign(sigv4.PayloadSigned)
	}
	if refusal != nil {
		t.Fatal(refusal)
	}
	if got, err := io.ReadAll(body); len(got) != 0 || err == nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestResignSourceFails: what the source says comes through.
func TestResignSourceFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	req, v := verifiedPut(t, "", unsigned)
	req.Body, req.BodySize = io.NopCloser(failingReader{strings.NewReader(big), broken}), int64(2*len(big))
	_, body, refusal := resigned(t, req, v, sigv4.PayloadSigned)
	if refusal != nil {
		t.Fatal(refusal)
	}
	got, err := io.ReadAll(body)
	if !errors.Is(err, broken) || !errors.Is(body.Err(), broken) || int64(len(got)) >= body.Size() {
		t.Errorf("%d bytes of %d, %v", len(got), body.Size(), err)
	}
}

// FuzzResign: however a body is sent and read, what goes on is the one signed
// form of its data.
func FuzzResign(f *testing.F) {
	for i := range clients() {
		f.Add(uint8(i), uint32(200000), uint32(1000))
		f.Add(uint8(i), uint32(65536), uint32(sigv4.ReadSize))
	}
	content := strings.Repeat("0123456789abcdefg", 300000/17+1)
	f.Fuzz(func(t *testing.T, way uint8, size, piece uint32) {
		c := clients()[int(way)%len(clients())]
		data := content[:size%300000]
		if c.name == "hash" {
			return
		}
		req, v := c.request(t, data)
		req.Body = io.NopCloser(iotest.HalfReader(req.Body))
		out, body, refusal := resigned(t, req, v, sigv4.PayloadSigned)
		if refusal != nil {
			t.Fatal(refusal)
		}
		want, trailer := data, ""
		if c.trailer {
			trailer = "x-amz-checksum-crc32c:" + checksumOf("crc32c", data)
		}
		if data != "" || c.trailer {
			want = encodeSigned(storeChain(out), trailer, pieces(data)...)
		}
		got, err := readAll(body, int(piece%200000))
		if err != nil || string(got) != want || body.Size() != int64(len(want)) {
			t.Fatalf("%s: %d bytes of %d, want %d: %v", c.name, len(got), body.Size(), len(want), err)
		}
	})
}
