package upstream

import (
	"strings"
	"testing"
	"time"
	"unsafe"
)

// TestTagCacheKeepsNoRequest: the name of an object is a part of the request that
// asked for it, all of which would be kept with it.
func TestTagCacheKeepsNoRequest(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("bucket/key?versionId=1 and much besides", 1000)
	asked := Object{Bucket: text[:6], Key: text[7:10], Version: text[21:22]}
	now := time.Unix(1, 0)
	c := tagCache{lifetime: time.Minute}
	c.put(asked, []Tag{{"k", "v"}}, now)
	if tags, ok := c.get(asked, now); !ok || len(tags) != 1 {
		t.Fatalf("remembered are %v, %v", tags, ok)
	}
	from := uintptr(unsafe.Pointer(unsafe.StringData(text)))
	for o := range c.young {
		for _, name := range []string{o.Bucket, o.Key, o.Version} {
			if at := uintptr(unsafe.Pointer(unsafe.StringData(name))); at >= from && at < from+uintptr(len(text)) {
				t.Errorf("%q is a part of the request", name)
			}
		}
	}
}
