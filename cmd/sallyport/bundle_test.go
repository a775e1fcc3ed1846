package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/saml/samltest"
)

// TestBundleCheckCountsProviders: those of OpenID Connect and those of SAML.
func TestBundleCheckCountsProviders(t *testing.T) {
	t.Parallel()
	key := samltest.NewSigner(nil, time.Now().AddDate(-1, 0, 0), time.Now().AddDate(1, 0, 0))
	directory := t.TempDir()
	for name, text := range map[string]string{
		"bundle.yaml": "accounts: {\"111122223333\": {}}\n",
		"accounts/111122223333/saml-providers/corp.xml":    samltest.Metadata(key),
		"accounts/111122223333/oidc-providers/idp.yaml":    "url: https://idp.example.com\naudiences: [app]\n",
		"accounts/111122223333/oidc-providers/github.yaml": "url: https://token.actions.githubusercontent.com\naudiences: [app]\n",
	} {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		writeText(t, path, text)
	}
	for output, want := range map[string]string{"table": ", 2 providers, 1 SAML provider\n", "json": `"saml_providers": 1,`} {
		var out bytes.Buffer
		if code := run([]string{"bundle", "check", directory, "-o", output}, nil, &out, &out); code != 0 || !strings.Contains(out.String(), want) {
			t.Errorf("exit code %d: %s", code, out.String())
		}
	}
}
