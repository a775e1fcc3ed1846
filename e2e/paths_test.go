//go:build unix

package e2e_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// TestUploadIDIsNoPath: the store joins an upload's id into a path of its
// files, so that uploadId=../../../../../x wrote parts into any folder and
// aborting such an upload deleted it.
func TestUploadIDIsNoPath(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	bucket := bucket(t)
	p := at(admin)
	outside := filepath.Join(filepath.Dir(shared.store.Objects), "outside-"+random(6))
	if err := os.Mkdir(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	// From the folder of the key's uploads, in the bucket's private one.
	id := "../../../../../" + filepath.Base(outside)
	for _, query := range []string{"uploadId=" + id, "uploadId=" + url.QueryEscape(id), "uploadId=.."} {
		part := p.signed(t, "PUT", "/"+bucket+"/k?"+query+"&partNumber=1", sum256("x"), "Content-Length: 1").carrying("x")
		abort := p.signed(t, "DELETE", "/"+bucket+"/k?"+query, emptyHash)
		list := p.signed(t, "GET", "/"+bucket+"/k?"+query, emptyHash)
		for _, m := range []*message{part, list, abort} {
			if response, answer := exchange(t, p.endpoint, m.String()); response.StatusCode != 400 {
				t.Errorf("%s %s: %d %s", m.method, query, response.StatusCode, answer)
			}
		}
	}
	files, err := os.ReadDir(outside)
	if err != nil || len(files) > 0 {
		t.Errorf("the folder outside holds %v (%v)", files, err)
	}
}
