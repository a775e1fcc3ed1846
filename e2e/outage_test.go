//go:build unix

package e2e_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// once is a client that does not try again.
func once(o *s3.Options) { o.RetryMaxAttempts = 1 }

// TestStoreDown: without its store Sallyport answers 503 to who may and still
// denies who may not; when the store is back so is everything.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	directory := t.TempDir()
	first := ownStore(t, store.Options{Directory: directory})
	door := serve(t, "impatient.yaml", upstream(first))
	may, mayNot := door.at(admin).client(t, once), door.at(limited).client(t, once)
	bucket := "outage"
	if _, err := may.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	get := &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("doc")}
	if _, err := may.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: get.Key, Body: strings.NewReader("still here")}); err != nil {
		t.Fatal(err)
	}

	first.Kill()
	for range 3 {
		if _, err := may.GetObject(within(t, time.Minute), get); httpStatus(err) != http.StatusServiceUnavailable {
			t.Errorf("with the store down: %v, want 503", err)
		} else if c := code(err); c != "ServiceUnavailable" && c != "SlowDown" {
			t.Errorf("with the store down: %s, want ServiceUnavailable or SlowDown", c)
		}
		_, err := may.PutObject(within(t, time.Minute), &s3.PutObjectInput{Bucket: &bucket, Key: get.Key, Body: strings.NewReader("new")})
		if httpStatus(err) != http.StatusServiceUnavailable {
			t.Errorf("a PUT with the store down: %v, want 503", err)
		}
		if _, err := mayNot.GetObject(within(t, time.Minute), get); code(err) != "AccessDenied" {
			t.Errorf("with the store down, who may not: %v, want AccessDenied", err)
		}
	}

	ownStore(t, store.Options{Directory: directory, Address: first.Address})
	out, err := may.GetObject(within(t, time.Minute), get)
	if got := text(t, out, err); got != "still here" {
		t.Errorf("after the outage: %q", got)
	}
}

// TestStoreKilledDuringDownload: what arrived of an object does not look like
// the whole.
func TestStoreKilledDuringDownload(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	behind := ownStore(t, store.Options{})
	door := serve(t, "sallyport.yaml", upstream(behind))
	c := door.at(admin).client(t, once)
	bucket, size := "killed", int64(64*mebibyte)
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	if status, body := stream(t, door.at(admin), bucket+"/large", newNoise(2, size), size); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("large")})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if _, err := io.CopyN(io.Discard, out.Body, mebibyte); err != nil {
		t.Fatal(err)
	}
	behind.Kill()
	n, err := io.Copy(io.Discard, out.Body)
	if err == nil {
		t.Errorf("the download ended as if whole, after %d of %d bytes", n+mebibyte, size)
	}
}

// stream puts size bytes of body with one signed, unhashed PUT.
func stream(t testing.TB, p place, path string, body io.Reader, size int64) (status int, text string) {
	t.Helper()
	m := p.signed(t, "PUT", "/"+path, unsigned, fmt.Sprintf("Content-Length: %d", size))
	req, err := http.NewRequestWithContext(t.Context(), "PUT", p.endpoint+"/"+path, io.NopCloser(body))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = size
	for _, field := range m.fields {
		name, value, _ := strings.Cut(field, ": ")
		if name != "Host" && name != "Content-Length" {
			req.Header.Set(name, value)
		}
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// TestSilentStore: a store that takes the request and says nothing is one that
// is down.
func TestSilentStore(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	silence := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-silence }))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(silence) })
	door := serve(t, "impatient.yaml", standIn(silent.URL))
	_, err := door.at(admin).client(t, once).GetObject(within(t, time.Minute), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k")})
	if httpStatus(err) != http.StatusServiceUnavailable {
		t.Errorf("%v, want 503", err)
	}
}

// TestRedirectsStayInside: a store that points elsewhere does not send clients
// there, with their signatures and past Sallyport.
func TestRedirectsStayInside(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	const elsewhere = "elsewhere.example"
	var status atomic.Int32
	redirects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://"+elsewhere+r.RequestURI)
		w.Header().Set("X-Amz-Website-Redirect-Location", "http://"+elsewhere)
		w.WriteHeader(int(status.Load()))
		fmt.Fprintf(w, "<Error><Code>TemporaryRedirect</Code><Endpoint>%s</Endpoint></Error>", elsewhere)
	}))
	t.Cleanup(redirects.Close)
	door := serve(t, "sallyport.yaml", standIn(redirects.URL))
	for _, s := range []int32{301, 302, 303, 307, 308} {
		status.Store(s)
		response, body := exchange(t, door.Endpoint, door.at(admin).signed(t, "GET", "/bucket/key", emptyHash).String())
		if response.StatusCode < 500 || response.Header.Get("Location") != "" || strings.Contains(body, elsewhere) {
			t.Errorf("%d became %d to %q: %s", s, response.StatusCode, response.Header.Get("Location"), body)
		}
	}
}

// TestDisconnects: when the client goes, what it started at the store ends.
func TestDisconnects(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	ended := make(chan error, 1)
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			_, err := io.Copy(io.Discard, r.Body)
			ended <- err
			return
		}
		page := make([]byte, 64<<10)
		for {
			if _, err := w.Write(page); err != nil {
				ended <- err
				return
			}
		}
	}))
	t.Cleanup(endless.Close)
	door := serve(t, "sallyport.yaml", standIn(endless.URL))
	wait := func(t *testing.T) {
		t.Helper()
		select {
		case err := <-ended:
			if err == nil {
				t.Error("the transfer at the store ended as if whole")
			}
		case <-time.After(time.Minute):
			t.Error("a minute after the client went its transfer at the store goes on")
		}
	}
	t.Run("download", func(t *testing.T) {
		l := dial(t, door.Endpoint)
		l.say(door.at(admin).signed(t, "GET", "/bucket/key", emptyHash).String())
		if _, err := io.CopyN(io.Discard, l, mebibyte); err != nil {
			t.Fatal(err)
		}
		l.Close()
		wait(t)
	})
	t.Run("upload", func(t *testing.T) {
		l := dial(t, door.Endpoint)
		l.say(door.at(admin).signed(t, "PUT", "/bucket/key", unsigned, fmt.Sprintf("Content-Length: %d", 10*mebibyte)).String())
		l.say(strings.Repeat("x", mebibyte))
		l.Close()
		wait(t)
	})
}

// TestKilledDuringUpload: if Sallyport itself dies in the middle of an upload,
// the store makes no object of the half that it has.
func TestKilledDuringUpload(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	site, err := sallyport.NewSite(shared.binary, shared.site.Directory, filepath.Join(t.TempDir(), "site"))
	if err != nil {
		t.Fatal(err)
	}
	door, err := site.Start(t.Context(), sallyport.Options{Upstream: upstream(shared.store), Output: output()})
	if err != nil {
		t.Fatal(err)
	}
	bucket := bucket(t)
	l := dial(t, door.Endpoint)
	p := place{door.Endpoint, shared.keys[admin]}
	// More than all the buffers on the way hold, so that the store has some of it.
	const half = 64 * mebibyte
	l.say(p.signed(t, "PUT", "/"+bucket+"/half", unsigned, fmt.Sprintf("Content-Length: %d", 2*half)).String())
	if _, err := io.WriteString(l.Conn, strings.Repeat("x", half)); err != nil {
		t.Fatal(err)
	}
	door.Kill()
	time.Sleep(300 * time.Millisecond)
	if got, ok := stored(t, bucket, "half"); ok {
		t.Errorf("the store has an object of %d bytes", len(got))
	}
}

// TestStaleConnection: a pooled connection that the store closed as the next
// request came is nobody's fault: the request goes once more, on another.
func TestStaleConnection(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var requests atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			go func() {
				defer conn.Close()
				reader := bufio.NewReader(conn)
				for n := 0; ; n++ {
					req, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					requests.Add(1)
					if n > 0 {
						return // takes a second request on a connection, and closes it
					}
					io.Copy(io.Discard, req.Body)
					io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
				}
			}()
		}
	}()
	door := serve(t, "sallyport.yaml", standIn("http://"+listener.Addr().String()))
	for i := range 3 {
		response, body := exchange(t, door.Endpoint, door.at(admin).signed(t, "GET", "/bucket/key", emptyHash).String())
		if response.StatusCode != 200 || body != "hello" {
			t.Errorf("request %d: %d %s", i, response.StatusCode, body)
		}
	}
	if n := requests.Load(); n > 6 {
		t.Errorf("%d requests at the store for 3 of the client", n)
	}
	before := requests.Load()
	m := door.at(admin).signed(t, "PUT", "/bucket/key", unsigned, fmt.Sprintf("Content-Length: %d", mebibyte))
	response, body := exchange(t, door.Endpoint, m.carrying(strings.Repeat("x", mebibyte)).String())
	if sent := requests.Load() - before; response.StatusCode != 503 && response.StatusCode != 200 || sent > 2 {
		t.Errorf("a PUT whose body was on its way: %d %s, after %d requests at the store", response.StatusCode, body, sent)
	}
}
