package bundle_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/wire"
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

// FuzzKeys reads any text as a key file. If a key or an MFA device can be added to
// it, what it held is there still.
func FuzzKeys(f *testing.F) {
	for _, path := range []string{"testdata/findings/keys.txtar", "testdata/findings/keys_mfa.txtar"} {
		texts, _ := archive(f, path)
		for name, text := range texts {
			if strings.HasPrefix(name, "keys") {
				f.Add([]byte(text))
			}
		}
	}
	f.Add([]byte(keyLine(accessKey, "alice")))
	f.Add([]byte("keys:\n# none\n"))
	f.Add([]byte("mfa_devices:\n- " + device + "\n# the keys\nkeys: []\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		keys, devices, findings := bundle.ParseKeys(source)
		placed(t, source, findings)
		if after, ok := bundle.AppendKey(source); ok {
			k, d, findings := bundle.ParseKeys(after)
			if !policy.HasErrors(findings) && (k != keys+1 && k != keys || d != devices) {
				t.Errorf("%d keys and one more are %d, %d devices are %d", keys, k, devices, d)
			}
		}
		if after, ok := bundle.AppendDevice(source); ok {
			k, d, findings := bundle.ParseKeys(after)
			if !policy.HasErrors(findings) && (d != devices+1 && d != devices || k != keys) {
				t.Errorf("%d devices and one more are %d, %d keys are %d", devices, d, keys, k)
			}
		}
	})
}

// FuzzSessionKeys reads any text as a session key file. One that is read says the
// same when it is written again.
func FuzzSessionKeys(f *testing.F) {
	archives, err := filepath.Glob("testdata/findings/sessions*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range archives {
		texts, _ := archive(f, path)
		f.Add([]byte(texts["sessions.yaml"]))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		keys, text, findings := bundle.ParseSessionKeys(source)
		placed(t, source, findings)
		if text == nil {
			if !policy.HasErrors(findings) {
				t.Error("not read, and nothing says why")
			}
			return
		}
		again, _, findings := bundle.ParseSessionKeys(text)
		if !slices.Equal(keys, again) {
			t.Errorf("read %v, and written and read again %v: %v", keys, again, findings)
		}
	})
}

// FuzzCertificate looks up any names. A prefix rule is only for what is below it.
func FuzzCertificate(f *testing.F) {
	s := certified(f)
	for _, uri := range []string{"spiffe://example.org/ns/app/sa/web", "spiffe://example.org/ns/app/../other", "spiffe://example.org/ns/app/%2e%2e"} {
		f.Add(uri, "web.example.org")
	}
	f.Fuzz(func(t *testing.T, uri, name string) {
		rule, ambiguous := s.Certificate(&wire.Certificate{URIs: []string{uri}, DNSNames: []string{name}})
		if ambiguous && rule != nil {
			t.Error("ambiguous, and a rule")
		}
		if rule == nil || rule.DNS != "" {
			return
		}
		prefix, below := strings.CutSuffix(rule.URI, "*")
		if !below && uri != rule.URI || below && (!strings.HasPrefix(uri, prefix) || strings.Contains(uri, "..") && strings.Contains(uri, "/../")) {
			t.Errorf("%q is of the rule %q", uri, rule.URI)
		}
	})
}
