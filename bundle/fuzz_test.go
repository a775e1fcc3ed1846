package bundle_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

// placed fails unless findings say where, and have a code and a sentence.
func placed(t *testing.T, source []byte, findings []policy.Finding) {
	t.Helper()
	lines := bytes.Count(source, []byte("\n")) + bytes.Count(source, []byte("\r")) + 2
	for _, f := range findings {
		if f.Line < 1 || f.Line > lines || f.Column < 1 || f.Code == "" || f.Message == "" {
			t.Errorf("finding %+v in %d lines", f, lines)
		}
	}
}

// FuzzFile reads any text as any file: without a panic, always alike, with
// findings that have a place.
func FuzzFile(f *testing.F) {
	archives, err := filepath.Glob("testdata/findings/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range archives {
		texts, _ := archive(f, path)
		for name, text := range texts {
			if file, ok := strings.CutPrefix(name, "bundle/"); ok {
				f.Add(file, []byte(text))
			}
		}
	}
	f.Fuzz(func(t *testing.T, path string, source []byte) {
		findings, _ := bundle.ParseFile(path, source)
		placed(t, source, findings)
		again, _ := bundle.ParseFile(path, source)
		if !slices.Equal(findings, again) {
			t.Errorf("read twice: %v, then %v", findings, again)
		}
	})
}

// FuzzKeys reads any text as a key file. If a key can be added to it, the keys
// that it held are all there still.
func FuzzKeys(f *testing.F) {
	texts, _ := archive(f, "testdata/findings/keys.txtar")
	for name, text := range texts {
		if strings.HasPrefix(name, "keys") {
			f.Add([]byte(text))
		}
	}
	f.Add([]byte(keyLine(accessKey, "alice")))
	f.Add([]byte("keys:\n# none\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		n, findings := bundle.ParseKeys(source)
		placed(t, source, findings)
		if after, ok := bundle.AppendKey(source); ok {
			if m, findings := bundle.ParseKeys(after); !policy.HasErrors(findings) && m != n+1 && m != n {
				t.Errorf("%d keys and one more are %d", n, m)
			}
		}
	})
}
