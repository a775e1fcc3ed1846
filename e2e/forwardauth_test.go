//go:build unix

package e2e_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// TestForwardAuth: clients that know no key of the store work with it through
// proxies that ask over HTTP, as far as policies allow.
func TestForwardAuth(t *testing.T) {
	t.Parallel()
	for name := range askers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startAsker(t, name, upstream(shared.store))
			bucket := bucket(t)
			t.Run("keys", func(t *testing.T) { t.Parallel(); a.keys(t, bucket) })
			t.Run("denials", func(t *testing.T) { t.Parallel(); a.denials(t, bucket) })
			t.Run("bodies", func(t *testing.T) { t.Parallel(); a.decidedFromBodies(t) })
			t.Run("aws-cli", func(t *testing.T) { t.Parallel(); a.cli(t, bucket) })
			t.Run("forged", func(t *testing.T) { t.Parallel(); a.forged(t, bucket) })
		})
	}
}

// keys: objects of odd names come and go as they are.
func (a *asker) keys(t *testing.T, bucket string) {
	client := a.at(admin).client(t)
	for _, key := range []string{"plain", "a b", "a+b", "a%2Fb", "a%2Bb", "é", "e\u0301", "日本語", "🏰", "a=b&c?d#e;f", "<a>&amp;", "deep/er/x..y", "[a]{b}|^`\"'(!)*$@:,~"} {
		text := "I am " + key
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text), Metadata: map[string]string{"team": "north"}}); err != nil {
			t.Errorf("put %q: %v", key, err)
			continue
		}
		if got, ok := stored(t, bucket, key); got != text {
			t.Errorf("put %q: the store holds %q (there: %t)", key, got, ok)
		}
		out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			t.Errorf("get %q: %v", key, err)
			continue
		}
		got, _ := io.ReadAll(out.Body)
		out.Body.Close()
		if string(got) != text || out.Metadata["team"] != "north" {
			t.Errorf("get %q: %q, %v", key, got, out.Metadata)
		}
		presigned, err := s3.NewPresignClient(client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		response, body := follow(t, presigned.URL)
		if a.presigns && (response.StatusCode != http.StatusOK || body != text) || !a.presigns && response.StatusCode != http.StatusForbidden {
			t.Errorf("presigned %q: %d %s", key, response.StatusCode, body)
		}
	}
	for _, key := range []string{"a//b", "a/../b", "a/./b", "/a"} {
		_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		_, there := at(admin).client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		// Sallyport saw the key as it was signed, or it would have said so.
		if code(err) == "" || code(err) == "SignatureDoesNotMatch" || code(err) != code(there) {
			t.Errorf("%q: %v, at the standalone door %v", key, err, there)
		}
	}
	if out, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String("a"), Delimiter: aws.String("/")}); err != nil || len(out.Contents) == 0 {
		t.Errorf("list: %v, %v", out, err)
	}
	part, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("plain"), Range: aws.String("bytes=0-3"), IfNoneMatch: aws.String(`"another"`)})
	if err != nil {
		t.Errorf("range: %v", err)
	} else if got, _ := io.ReadAll(part.Body); string(got) != "I am" || part.Body.Close() != nil {
		t.Errorf("range: %q", got)
	}
	if _, err := client.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &bucket, Key: aws.String("copy"), CopySource: aws.String(bucket + "/a%20b")}); err != nil {
		t.Errorf("copy: %v", err)
	}
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("empty"), ContentEncoding: aws.String("gzip")}); err != nil {
		t.Errorf("empty: %v", err)
	}
	if head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("empty")}); err != nil || *head.ContentLength != 0 || *head.ContentEncoding != "gzip" {
		t.Errorf("empty: %v, %v", head, err)
	}
	if _, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: aws.String("copy")}); err != nil {
		t.Errorf("delete: %v", err)
	}
}

// denials: clients are told in AWS's words.
func (a *asker) denials(t *testing.T, bucket string) {
	put(t, bucket, "private", "x")
	_, err := a.at(limited).client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("private")})
	wantDenied(t, err, "s3:GetObject")
	_, err = a.at(limited).client(t).PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("private"), Body: strings.NewReader("y")})
	wantDenied(t, err, "s3:PutObject")
	if got, _ := stored(t, bucket, "private"); got != "x" {
		t.Errorf("the store holds %q", got)
	}
	_, err = a.at(limited).client(t).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	wantDenied(t, err, "s3:ListBucket")
	_, err = a.at(limited).client(t).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("private")})
	if httpStatus(err) != http.StatusForbidden {
		t.Errorf("HEAD: %v", err)
	}
	wrong := a.at(admin)
	wrong.key.SecretAccessKey += "x"
	_, err = wrong.client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("private")})
	if code(err) != "SignatureDoesNotMatch" {
		t.Errorf("with another secret: %v", err)
	}
	version := "1.0"
	if a.file == "envoy.yaml" {
		version = "1.1" // it does not speak the other unless it is told to
	}
	if response, body := exchange(t, a.endpoint, "GET /"+bucket+"/private HTTP/"+version+"\r\nHost: "+strings.TrimPrefix(a.endpoint, "http://")+"\r\n\r\n"); response.StatusCode != http.StatusForbidden || !strings.Contains(body, "<Code>AccessDenied</Code>") {
		t.Errorf("anonymous: %d %s", response.StatusCode, body)
	}
	m := a.at(admin).signed(t, "PUT", "/"+bucket+"/forged", sum256("signed"), "Content-Length: 6").carrying("forged")
	if response, body := exchange(t, a.endpoint, m.String()); response.StatusCode != http.StatusBadRequest {
		t.Errorf("a body that is not what was signed: %d %s", response.StatusCode, body)
	}
	if text, ok := stored(t, bucket, "forged"); ok {
		t.Errorf("the store holds %q", text)
	}
	framed := "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
	m = a.at(admin).signed(t, "PUT", "/"+bucket+"/trailer", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Length: "+strconv.Itoa(len(framed)),
		"Content-Encoding: aws-chunked", "X-Amz-Trailer: x-amz-checksum-crc32", "X-Amz-Decoded-Content-Length: 5").carrying(framed)
	response, body := exchange(t, a.endpoint, m.String())
	if text, _ := stored(t, bucket, "trailer"); response.StatusCode != http.StatusOK || text != "hello" {
		t.Errorf("a trailer: %d %s, the store holds %q", response.StatusCode, body, text)
	}
	for _, method := range []string{"GET", "DELETE"} {
		// Only nginx can tell of it. The store, for which it is signed without, does not take it.
		m := a.at(admin).signed(t, method, "/"+bucket+"/private", emptyHash).with("Transfer-Encoding: chunked").carrying("1\r\ny\r\n0\r\n\r\n")
		if response, body := exchange(t, a.endpoint, m.String()); response.StatusCode < 400 || a.file == "nginx.conf" && !strings.Contains(body, "<Code>UnexpectedContent</Code>") {
			t.Errorf("a body on %s: %d %s", method, response.StatusCode, body)
		}
	}
	notImplemented := http.StatusNotImplemented
	if a.file == "envoy.yaml" {
		notImplemented = http.StatusBadRequest // it would call the other a failure
	}
	for _, tt := range []struct {
		name   string
		m      *message
		status int
		code   string
	}{
		{"another method", a.at(admin).signed(t, "PATCH", "/"+bucket+"/private", emptyHash), http.StatusMethodNotAllowed, "MethodNotAllowed"},
		{"an unknown sub-resource", a.at(admin).signed(t, "GET", "/"+bucket+"?everything", emptyHash), notImplemented, "NotImplemented"},
		{"a body that nobody announced", a.at(admin).signed(t, "PUT", "/"+bucket+"/private", unsigned).with("Transfer-Encoding: chunked").carrying("1\r\ny\r\n0\r\n\r\n"), http.StatusLengthRequired, "MissingContentLength"},
		{"an access key that nobody has", place{a.endpoint, sallyport.Key{AccessKeyID: "AKIANOBODYHASTHISKEY", SecretAccessKey: "x"}}.signed(t, "GET", "/"+bucket+"/private", emptyHash), http.StatusForbidden, "InvalidAccessKeyId"},
	} {
		response, body := exchange(t, a.endpoint, tt.m.String())
		if response.StatusCode != tt.status || !strings.Contains(body, "<Code>"+tt.code+"</Code>") || response.Header.Get("Content-Type") != "application/xml" || response.Header.Get("X-Amz-Request-Id") == "" {
			t.Errorf("%s: %d %v %s", tt.name, response.StatusCode, response.Header, body)
		}
	}
}

// decidedFromBodies: what is decided from a body is denied where none is sent along.
func (a *asker) decidedFromBodies(t *testing.T) {
	client, own, key := a.at(admin).client(t), "asked-"+random(6), "tagged"
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &own}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &own, Key: &key, Body: strings.NewReader("x")}); err != nil {
		t.Fatal(err)
	}
	_, err := client.PutObjectTagging(t.Context(), &s3.PutObjectTaggingInput{Bucket: &own, Key: &key, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("team"), Value: aws.String("north")}}}})
	if a.bodies && err != nil || !a.bodies && code(err) != "AccessDenied" {
		t.Errorf("tagging: %v", err)
	}
	many := &s3.DeleteObjectsInput{Bucket: &own, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: &key}}}}
	if _, err := client.DeleteObjects(t.Context(), many); !a.bodies && code(err) != "AccessDenied" {
		t.Errorf("delete many: %v", err)
	}
	if _, there := stored(t, own, key); there == a.bodies {
		t.Errorf("after DeleteObjects it is there: %t", there)
	}
	// A body that nobody announced must not be decided as none.
	m := a.at(admin).signed(t, "PUT", "/"+own+"-2", unsigned).with("Transfer-Encoding: chunked").carrying("5\r\nhello\r\n0\r\n\r\n")
	if response, body := exchange(t, a.endpoint, m.String()); response.StatusCode < 400 {
		t.Errorf("a bucket of unknown settings: %d %s", response.StatusCode, body)
	}
}

// cli is what people do with aws-cli.
func (a *asker) cli(t *testing.T, bucket string) {
	c := tool{path: pythonTool(t, "aws"), before: []string{"--endpoint-url", a.endpoint}, dir: t.TempDir(), place: a.at(admin)}
	file := filepath.Join(c.dir, "a file")
	if err := os.WriteFile(file, []byte("from aws-cli"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.run(t, "s3", "cp", file, "s3://"+bucket+"/cli/é + ü")
	if out := c.run(t, "s3", "ls", "s3://"+bucket+"/cli/"); !strings.Contains(out, "é + ü") {
		t.Errorf("ls printed %q", out)
	}
	if out := c.run(t, "s3", "cp", "s3://"+bucket+"/cli/é + ü", "-"); out != "from aws-cli" {
		t.Errorf("cp printed %q", out)
	}
	large := filepath.Join(c.dir, "large")
	if err := os.WriteFile(large, []byte(strings.Repeat("0123456789abcdef", 1<<20)), 0o644); err != nil {
		t.Fatal(err)
	}
	c.run(t, "s3", "cp", large, "s3://"+bucket+"/cli/large")
	if got, _ := stored(t, bucket, "cli/large"); len(got) != 16<<20 {
		t.Errorf("of 16 MiB in parts the store holds %d bytes", len(got))
	}
	c.run(t, "s3", "rm", "s3://"+bucket+"/cli/large")
	c.place = a.at(limited)
	if out, err := c.try(t.Context(), "s3", "cp", "s3://"+bucket+"/cli/é + ü", "-"); err == nil {
		t.Errorf("another user got %q", out)
	}
}

// forged: what a client writes of the headers in which proxies describe its
// request does not matter.
func (a *asker) forged(t *testing.T, bucket string) {
	put(t, bucket, "public/p", "public")
	put(t, bucket, "secret/s", "secret")
	lies := []string{
		"X-Original-Method: HEAD", "X-Original-URI: /" + bucket + "/public/p", "X-Original-Host: evil", "X-Original-Proto: https",
		"X-Original-Address: 10.0.0.1", "X-Original-Content-Length: 7", "X-Original-URI: /" + bucket + "/public/p",
		"X-Forwarded-Method: HEAD", "X-Forwarded-Uri: /" + bucket + "/public/p", "X-Forwarded-Host: evil", "X-Forwarded-Proto: https", "X-Forwarded-For: 10.0.0.1",
		"X-Envoy-Original-Path: /" + bucket + "/public/p", "X-Envoy-Auth-Partial-Body: false",
	}
	for target, want := range map[string]int{"/" + bucket + "/public/p": http.StatusOK, "/" + bucket + "/secret/s": http.StatusForbidden} {
		m := a.at(limited).signed(t, "GET", target, emptyHash).with(lies...).with("Connection: close")
		if response, body := exchange(t, a.endpoint, m.String()); response.StatusCode != want || strings.Contains(body, "secret</") {
			t.Errorf("%s: %d %s", target, response.StatusCode, body)
		}
	}
	// Signed for what may be read, and sent for another.
	m := a.at(limited).signed(t, "GET", "/"+bucket+"/public/p", emptyHash).with(lies...).with("Connection: close")
	m.target = "/" + bucket + "/secret/s"
	if response, body := exchange(t, a.endpoint, m.String()); response.StatusCode != http.StatusForbidden {
		t.Errorf("signed for another: %d %s", response.StatusCode, body)
	}
	for name, more := range map[string]string{
		"a second authorization": "Authorization: AWS4-HMAC-SHA256 Credential=x",
		"a second host":          "Host: other",
		"an identity":            "X-Sallyport-Principal: arn:aws:iam::111122223333:root",
	} {
		m := a.at(admin).signed(t, "GET", "/"+bucket+"/secret/s", emptyHash).with(more, "Connection: close")
		response, body := exchange(t, a.endpoint, m.String())
		if name == "an identity" && a.file == "envoy.yaml" {
			continue // it is taken out
		}
		if response.StatusCode/100 != 4 {
			t.Errorf("%s: %d %s", name, response.StatusCode, body)
		}
	}
	// The place of questions is none for clients.
	for _, target := range []string{"/-/sallyport", "/authorize", "/authorize/x", "/-/healthy"} {
		if response, body := exchange(t, a.endpoint, "GET "+target+" HTTP/1.1\r\nHost: "+strings.TrimPrefix(a.endpoint, "http://")+"\r\nConnection: close\r\n\r\n"); response.StatusCode/100 != 4 {
			t.Errorf("%s: %d %s", target, response.StatusCode, body)
		}
	}
}

// TestForwardAuthWithoutSallyport: when nobody answers, nothing passes.
func TestForwardAuthWithoutSallyport(t *testing.T) {
	t.Parallel()
	for name := range askers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startAsker(t, name, upstream(shared.store))
			bucket := bucket(t)
			put(t, bucket, "k", "secret text")
			if _, err := a.at(admin).client(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")}); err != nil {
				t.Fatal(err)
			}
			if err := a.Stop(); err != nil {
				t.Fatal(err)
			}
			ctx := within(t, time.Minute)
			out, err := a.at(admin).client(t, func(o *s3.Options) { o.RetryMaxAttempts = 1 }).GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("k")})
			if httpStatus(err) != a.unreachable {
				t.Errorf("%v, %v", out, err)
			}
			if errors.Is(err, context.DeadlineExceeded) {
				t.Error("it took too long")
			}
		})
	}
}
