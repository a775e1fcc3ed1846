//go:build linux

package effects_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

const account = "111122223333"

// patience is the time for what comes soon.
const patience = time.Minute

// The buckets that are there: the first keeps versions. They hold the same keys.
var buckets = []string{"alpha", "bravo"}

// objectKeys are keys of which one is another in some encoding, or in a reading
// that some server has.
var objectKeys = []string{
	"plain", "dir/inner", "dir/", "x/y", "x%2Fy", "p q", "p+q", "p%20q", "é", "e\u0301", "50%", "50%25",
	"what?versionId=null", "what", "tagging", "?acl", "a&b=c", "a;b", "<k>&amp;", "uploads",
}

// unnamed is a key in each bucket that no request names: an answer that has it
// lists keys.
const unnamed = "zz-unnamed"

// stored is an object of which the store has something that nothing else has.
type stored struct {
	bucket, key, version string
	current              bool
	content, meta, tag   string
}

// upload is one that is under way; its first part is there.
type upload struct{ bucket, key, id, content, etag string }

// lab is a store with objects, and Sallyport before it.
type lab struct {
	folder string // of everything
	home   string // of the store
	server *sallyport.Server
	hosts  string // the address of the door for virtual hosts
	key    sallyport.Key
	store  *store.Store
	audit  *bufio.Reader

	busy    sync.Mutex // one request at a time
	objects []stored
	uploads []upload
	disk    disk // as it is at the beginning
}

// shared is the lab of this process.
var shared struct {
	sync.Mutex
	*lab
}

// TestMain takes down what the tests of a process, which may be one of the
// fuzzer's, have put up.
func TestMain(m *testing.M) {
	code := m.Run()
	if l := shared.lab; l != nil {
		l.server.Kill()
		l.store.Kill()
		_ = os.RemoveAll(l.folder)
	}
	os.Exit(code)
}

// open is the lab of this process.
func open(t testing.TB) *lab {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.lab == nil {
		home, err := os.MkdirTemp("", "sallyport-effects-") //nolint:usetesting // outlives the test
		if err != nil {
			t.Fatal(err)
		}
		l, err := newLab(home)
		if err != nil {
			_ = os.RemoveAll(home)
			t.Fatal(err)
		}
		shared.lab = l
	}
	return shared.lab
}

func newLab(home string) (l *lab, err error) {
	// The test's own context would end what outlives it.
	ctx := context.Background()
	progress := process.NewProgress(os.Stderr)
	module, err := process.Module()
	if err != nil {
		return nil, err
	}
	storeBinary, err := process.Build(ctx, progress, process.Store(module))
	if err != nil {
		return nil, err
	}
	binary, err := process.Build(ctx, progress, process.Sallyport(filepath.Dir(module)))
	if err != nil {
		return nil, err
	}
	l = &lab{folder: home, home: filepath.Join(home, "store")}
	if err := os.Mkdir(l.home, 0o755); err != nil {
		return nil, err
	}
	if l.store, err = store.Start(ctx, store.Options{Binary: storeBinary, Directory: l.home, Versioning: true}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.store.Kill()
		}
	}()
	if err := l.fill(ctx); err != nil {
		return nil, err
	}
	if l.disk, err = readDisk(l.home); err != nil {
		return nil, err
	}
	site, err := sallyport.NewSite(binary, filepath.Join(module, "effects", "site"), filepath.Join(home, "site"))
	if err != nil {
		return nil, err
	}
	if l.key, err = site.CreateKey(ctx, account, "everyone"); err != nil {
		return nil, err
	}
	if l.server, err = site.Start(ctx, sallyport.Options{Upstream: sallyport.Upstream{
		Endpoint: l.store.Endpoint, AccessKeyID: store.AccessKeyID, SecretAccessKey: store.SecretAccessKey,
	}}); err != nil {
		return nil, err
	}
	status, err := l.server.Status(ctx)
	if err != nil {
		return nil, err
	}
	l.hosts = status.Doors[1].Address
	records, err := os.Open(site.Path("audit.jsonl"))
	if err != nil {
		return nil, err
	}
	l.audit = bufio.NewReader(records)
	return l, nil
}

// fill puts objects into the store, directly. What each has is its own.
func (l *lab) fill(ctx context.Context) error {
	c := l.store.Client()
	put := func(bucket, key string, n int, current bool) error {
		mark := hashOf(fmt.Sprint(bucket, "/", key, "/", n))[:16]
		o := stored{bucket: bucket, key: key, current: current, content: "C" + mark, meta: "M" + mark, tag: "T" + mark}
		in := &s3.PutObjectInput{Bucket: &bucket, Key: &key, Metadata: map[string]string{"mark": o.meta}, Tagging: aws.String("mark=" + o.tag)}
		if !strings.HasSuffix(key, "/") {
			in.Body = strings.NewReader("content: " + o.content)
		}
		out, err := c.PutObject(ctx, in)
		if err != nil {
			return fmt.Errorf("putting %s/%s: %w", bucket, key, err)
		}
		o.version = aws.ToString(out.VersionId)
		l.objects = append(l.objects, o)
		return nil
	}
	for i, bucket := range buckets {
		if _, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			return err
		}
		if i == 0 {
			_, err := c.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
			if err != nil {
				return err
			}
			for _, key := range []string{"plain", "x/y"} {
				if err := put(bucket, key, 0, false); err != nil {
					return err
				}
			}
		}
		for _, key := range append([]string{unnamed + "-" + bucket}, objectKeys...) {
			if err := put(bucket, key, 1, true); err != nil {
				return err
			}
		}
		for _, key := range []string{"plain", "p q"} {
			u := upload{bucket: bucket, key: key, content: "C" + hashOf("upload " + bucket + key)[:16]}
			out, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: &key})
			if err != nil {
				return err
			}
			u.id = aws.ToString(out.UploadId)
			part, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: &bucket, Key: &key, UploadId: &u.id, PartNumber: aws.Int32(1), Body: strings.NewReader("content: " + u.content)})
			if err != nil {
				return err
			}
			u.etag = aws.ToString(part.ETag)
			l.uploads = append(l.uploads, u)
		}
	}
	return nil
}

// exchange sends bytes to a door and reads the answer and the record of it. The
// record is nil if the door did not take the bytes for a request.
func (l *lab) exchange(r *request) (response *http.Response, answer string, record *record, err error) {
	address := l.server.Address
	if r.hosted {
		address = l.hosts
	}
	connection, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, "", nil, err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience))
	// A peer that closed meanwhile has answered.
	_, _ = io.WriteString(connection, r.String())
	if response, err = http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: r.method}); err != nil {
		return nil, "", nil, fmt.Errorf("reading the answer: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, "", nil, fmt.Errorf("reading the answer: %w", err)
	}
	if id := response.Header.Get("X-Sallyport-Request-Id"); id != "" {
		record, err = l.recordOf(id)
	}
	return response, string(body), record, err
}

// record is what the audit says of a request, as far as it is read here.
type record struct {
	RequestID, EventName, ErrorCode string
	Accesses                        []struct{ Action, Resource, Decision string }
}

// recordOf waits for the record of a request. Those before it are passed over.
func (l *lab) recordOf(id string) (*record, error) {
	var line strings.Builder
	for end := time.Now().Add(patience); ; {
		text, err := l.audit.ReadString('\n')
		line.WriteString(text)
		switch {
		case err == nil:
			var r record
			if err := json.Unmarshal([]byte(line.String()), &r); err != nil {
				return nil, fmt.Errorf("%w in the record %s", err, line.String())
			}
			if r.RequestID == id {
				return &r, nil
			}
			line.Reset()
		case !errors.Is(err, io.EOF):
			return nil, err
		case time.Now().After(end):
			return nil, errors.New("there is no record of the request " + id)
		default:
			time.Sleep(200 * time.Microsecond)
		}
	}
}
