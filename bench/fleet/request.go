package fleet

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Request is a request to sign.
type Request struct {
	Method, Path string
	// Hash is the hash of the body that is signed, or UNSIGNED-PAYLOAD.
	Hash string
	// Size is that of the body in bytes.
	Size int64
}

// The hash of no body, and that which says that the body is not signed.
const (
	EmptyHash       = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	UnsignedPayload = "UNSIGNED-PAYLOAD"
)

// Sign is the head of a request as it goes over the wire to host, with the
// fields that SDKs send, signed by the SDK.
func Sign(r Request, host string, key Key, now time.Time) ([]byte, error) {
	out, err := http.NewRequestWithContext(context.Background(), r.Method, "http://"+host+r.Path, nil)
	if err != nil {
		return nil, err
	}
	out.Header = http.Header{
		"Accept-Encoding":       {"identity"},
		"Amz-Sdk-Invocation-Id": {"8e3d2f1c-37b8-4c1f-9a65-30a6bca5b0f0"},
		"Amz-Sdk-Request":       {"attempt=1; max=3"},
		"User-Agent":            {"aws-sdk-go-v2/1.45.1 os/linux lang/go#1.26 md/GOOS#linux md/GOARCH#amd64 api/s3#1.109"},
		"X-Amz-Content-Sha256":  {r.Hash},
	}
	if r.Method == http.MethodPut {
		out.ContentLength = r.Size
		out.Header.Set("Content-Type", "application/octet-stream")
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	credentials := aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: key.SessionToken}
	if err := signer.SignHTTP(context.Background(), credentials, out, r.Hash, "s3", Region, now); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, out.URL.RequestURI(), host)
	if r.Method == http.MethodPut {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", r.Size)
	}
	if err := out.Header.Write(&b); err != nil {
		return nil, err
	}
	b.WriteString("\r\n")
	return b.Bytes(), nil
}

// Exchange sends a request over a connection of its own and reads the answer,
// whose body is small.
func Exchange(ctx context.Context, address string, request []byte) (status int, body string, err error) {
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, "", err
	}
	if _, err := conn.Write(request); err != nil {
		return 0, "", err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}
