//go:build unix

package e2e_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestMuseum_19_oddKeys: what a key is made of does not change which object is
// meant. Each key is put and read through the door, and the store, asked
// directly, has an object of exactly that name.
func TestMuseum_19_oddKeys(t *testing.T) {
	t.Parallel()
	c, bucket := at(admin).client(t), bucket(t)
	keys := []string{
		"plain", "a b", " leading", "a+b", "a%2Bb", "a%20b", "100%", "%", "a~b", "a'b", `a"b`, "a(b)*!",
		"é", "e\u0301", "日本語", "🏰", "a;b", "a:b", "a=b&c", "a@b", "a,b", "a$b", "[a]{b}|^`", "<a>&amp;", "a?b", "a#b",
		"${aws:username}", "x*y", "dots...a/..a", "UPPER", "deep/er/and/deeper",
	}
	for _, key := range keys {
		put(t, bucket, key, "I am "+key)
	}
	for _, key := range keys {
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			t.Errorf("getting %q: %v", key, err)
			continue
		}
		if got := text(t, out, nil); got != "I am "+key {
			t.Errorf("getting %q brings %q", key, got)
		}
		if got, ok := stored(t, bucket, key); !ok || got != "I am "+key {
			t.Errorf("the store holds %q (there: %t) as %q", got, ok, key)
		}
	}
	if !direct() {
		for _, key := range []string{"a//b", "//a", "a/../b", "../b", "..", ".", "a/./b", "a/.", "a\\b", "a\nb", "public/../a b"} {
			_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")})
			if httpStatus(err) != 400 {
				t.Errorf("putting %q, which the store's file system would change: %v, want 400", key, err)
			}
		}
	}
	listed := keysBelow(t, bucket, "")
	slices.Sort(keys)
	if !slices.Equal(listed, keys) {
		t.Errorf("listed\n%q, want\n%q", listed, keys)
	}
}

// keysBelow are the keys that begin with a prefix, sorted, through the door.
func keysBelow(t testing.TB, bucket, prefix string) []string {
	t.Helper()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(at(admin).client(t), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			keys = append(keys, aws.ToString(o.Key))
		}
	}
	slices.Sort(keys)
	return keys
}

// TestRawKeys: bytes that SDKs encode in a path, and that clients of other
// kinds send as they are, work too: the store verifies our signature over its
// own spelling.
func TestRawKeys(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket, p := bucket(t), at(admin)
	for _, key := range []struct{ spelt, name string }{
		{"a+b", "a+b"}, {"a@b", "a@b"}, {"a(b)", "a(b)"}, {"a&b;c:d*e'f!g$h=i,j", "a&b;c:d*e'f!g$h=i,j"}, {"%7Ea", "~a"}, {"folder%2fa", "folder/a"}, {"%c3%a9", "é"},
	} {
		target, text := "/"+bucket+"/"+key.spelt, "I am "+key.name
		m := p.signed(t, "PUT", target, unsigned, "Content-Length: "+strconv.Itoa(len(text)))
		m.body = text
		if response, body := exchange(t, p.endpoint, m.String()); response.StatusCode != 200 {
			t.Errorf("putting %s: %d %s", key.spelt, response.StatusCode, body)
			continue
		}
		if got, ok := stored(t, bucket, key.name); !ok || got != text {
			t.Errorf("the store holds %q (there: %t) as %q", got, ok, key.name)
		}
		if response, body := exchange(t, p.endpoint, p.signed(t, "GET", target, emptyHash).String()); response.StatusCode != 200 || body != text {
			t.Errorf("getting %s: %d %s", key.spelt, response.StatusCode, body)
		}
	}
}
