//go:build unix

package e2e_test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// signingDoors are the doors of signing.yaml by name, as admin; each way to
// sign bodies for the store has one in clear text and one with TLS.
func signingDoors(t testing.TB, up sallyport.Upstream) map[string]place {
	t.Helper()
	server := serve(t, "signing.yaml", up)
	status, err := server.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	doors := map[string]place{}
	for _, door := range status.Doors {
		scheme := "http://"
		if strings.HasSuffix(door.Name, "-tls") {
			scheme = "https://"
		}
		name := strings.Replace(door.Name, "s3", "auto", 1)
		doors[name] = place{scheme + door.Address, shared.keys[admin]}
	}
	if len(doors) != 6 {
		t.Fatalf("the doors are %v", doors)
	}
	return doors
}

// TestPayloadSigningOfSDKs: what the SDK sends, in one request and in parts,
// hashed, unsigned and with a checksum behind it, is the object in each mode.
func TestPayloadSigningOfSDKs(t *testing.T) {
	t.Parallel()
	bucket := bucket(t)
	clients := map[string]func(*s3.Options){
		"default":  func(*s3.Options) {},
		"hashed":   s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware, v4.AddComputePayloadSHA256Middleware),
		"unsigned": s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware),
		"plain":    func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired },
	}
	for door, p := range signingDoors(t, upstream(shared.store)) {
		for name, option := range clients {
			t.Run(door+"/"+name, func(t *testing.T) {
				t.Parallel()
				c := p.client(t, option, func(o *s3.Options) {
					if strings.HasSuffix(door, "-tls") {
						o.HTTPClient = shared.certificates.client()
					}
				})
				for _, size := range []int64{0, 1, 64 << 10, 200_001, 6 * mebibyte} {
					key := aws.String(fmt.Sprintf("%s/%s/%d", door, name, size))
					body := newNoise(uint64(size), size)
					content, _ := io.ReadAll(body)
					if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: key, Body: bytes.NewReader(content)}); err != nil {
						t.Fatalf("%d bytes: %v", size, err)
					}
					sameAsStored(t, bucket, *key, body.digest(), size)
				}
				body, key := newNoise(9, 11*mebibyte), aws.String(door+"/"+name+"/parts")
				_, err := transfermanager.New(c, func(o *transfermanager.Options) { o.MultipartUploadThreshold, o.PartSizeBytes = 5*mebibyte, 5*mebibyte }).
					UploadObject(t.Context(), &transfermanager.UploadObjectInput{Bucket: &bucket, Key: key, Body: body})
				if err != nil {
					t.Fatalf("in parts: %v", err)
				}
				sameAsStored(t, bucket, *key, body.digest(), 11*mebibyte)
			})
		}
	}
}

// sameAsStored compares an object in the store with what was sent.
func sameAsStored(t testing.TB, bucket, key, sha string, size int64) {
	t.Helper()
	out, err := shared.store.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if got, n := digest(t, out.Body); got != sha || n != size {
		t.Errorf("%s: the store holds %d other bytes, want %d", key, n, size)
	}
	if coding := aws.ToString(out.ContentEncoding); strings.Contains(coding, "aws-chunked") {
		t.Errorf("%s: the object's content-encoding is %q", key, coding)
	}
}

// TestPayloadSigning: every payload line that a client may use arrives as the
// object, in each mode, whatever its size is to the size of chunks.
func TestPayloadSigning(t *testing.T) {
	t.Parallel()
	bucket := bucket(t)
	content := strings.Repeat("0123456789abcdefg", 1<<20/17+2)
	cut := func(text string, size int) []string {
		var out []string
		for ; len(text) > size; text = text[size:] {
			out = append(out, text[:size])
		}
		return append(out, text)
	}
	for door, p := range signingDoors(t, upstream(shared.store)) {
		if strings.HasSuffix(door, "-tls") {
			continue
		}
		t.Run(door, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1, 8191, 64<<10 - 1, 64 << 10, 64<<10 + 1, 128 << 10, 200_000, 1<<20 + 3} {
				whole := content[:size]
				crc := "x-amz-checksum-crc32:" + checksum(whole)
				for name, u := range map[string]upload{
					"hash":             {payload: sum256(whole), data: []string{whole}},
					"unsigned":         {payload: unsigned, data: []string{whole}},
					"chunks-64K":       {payload: signedChunks, data: cut(whole, 64<<10)},
					"chunks-8K":        {payload: signedChunks, data: cut(whole, 8<<10)},
					"chunks-trailer":   {payload: signedChunksTrailer, data: cut(whole, 100_000), trailer: crc},
					"unsigned-trailer": {payload: unsignedTrailer, data: cut(whole, 1<<20), trailer: crc},
					"unsigned-crc":     {payload: unsigned, data: []string{whole}, fields: []string{"x-amz-checksum-crc32: " + checksum(whole)}},
					"unsigned-md5":     {payload: unsigned, data: []string{whole}, fields: []string{"Content-MD5: " + md5Of(whole)}},
					"chunks-md5":       {payload: signedChunks, data: cut(whole, 64<<10), fields: []string{"Content-MD5: " + md5Of(whole)}},
				} {
					key := fmt.Sprintf("%s-%s-%d", door, name, size)
					if response, body := exchange(t, p.endpoint, u.message(t, p, "/"+bucket+"/"+key).String()); response.StatusCode != 200 {
						t.Fatalf("%s: %d %s", key, response.StatusCode, body)
					}
					sameAsStored(t, bucket, key, sum256(whole), int64(size))
				}
			}
		})
	}
}

func md5Of(text string) string {
	sum := md5.Sum([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// TestSignedBodiesNeedALength: with signed bodies, an upload of undeclared
// length is refused as Amazon S3 refuses it.
func TestSignedBodiesNeedALength(t *testing.T) {
	t.Parallel()
	bucket := bucket(t)
	p := signingDoors(t, upstream(shared.store))["signed"]
	m := p.signed(t, "PUT", "/"+bucket+"/key", unsigned, "Transfer-Encoding: chunked").carrying("5\r\nhello\r\n0\r\n\r\n")
	if response, body := exchange(t, p.endpoint, m.String()); response.StatusCode != 411 || !strings.Contains(body, "<Code>MissingContentLength</Code>") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	if _, ok := stored(t, bucket, "key"); ok {
		t.Error("the object is in the store")
	}
}

// TestCutBehindSallyport: what stands between Sallyport and the store may end a
// connection that was reset as if it had been closed. A body in signed chunks
// that is cut so is no object.
func TestCutBehindSallyport(t *testing.T) {
	t.Parallel()
	bucket := bucket(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var connections sync.WaitGroup
	ended := make(chan struct{}, 100) // by the store, too
	connections.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() {
				softener(client, shared.store.Address)
				ended <- struct{}{}
			})
		}
	})
	t.Cleanup(func() { listener.Close(); connections.Wait() })
	doors := signingDoors(t, sallyport.Upstream{
		Endpoint: "http://" + listener.Addr().String(), AccessKeyID: store.AccessKeyID, SecretAccessKey: store.SecretAccessKey,
	})
	whole := strings.Join(data, "")
	cut := func(body string) string { return body[:len(body)-1] }
	tests := []struct {
		door   string
		upload upload
	}{
		{"signed", upload{payload: unsigned, data: data, change: cut}},
		{"signed", upload{payload: signedChunks, data: data, change: cut}},
		{"signed", upload{payload: unsignedTrailer, data: data, trailer: "x-amz-checksum-crc32:" + checksum(whole), change: cut}},
		{"auto", upload{payload: signedChunks, data: data, change: cut}},
		{"auto", upload{payload: sum256(whole), data: data, change: cut}},
	}
	for i, tt := range tests {
		p, key := doors[tt.door], fmt.Sprint(i)
		l := dial(t, p.endpoint)
		l.say(tt.upload.message(t, p, "/"+bucket+"/"+key).String())
		l.Conn.(*net.TCPConn).CloseWrite()
		if response, body, err := l.tryAnswer(); err != nil || response.StatusCode/100 != 4 {
			t.Errorf("%d: %v %s", i, err, body)
		}
		<-ended // each broke its connection
		if got, ok := stored(t, bucket, key); ok {
			t.Errorf("%s, %s: the object is in the store with %d bytes", tt.door, tt.upload.payload, len(got))
		}
	}
}

// softener passes a connection on and ends both sides orderly, however the
// other side ended.
func softener(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(client, server)
		_ = client.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(server, client)
	_ = server.(*net.TCPConn).CloseWrite()
	<-done
}
