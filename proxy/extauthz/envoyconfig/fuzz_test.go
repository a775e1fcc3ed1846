package envoyconfig_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/proxy/extauthz/envoyconfig"
)

// FuzzCheck: whatever the text is, the check ends, every finding has a place in
// it and is one line, and the same text has the same findings.
func FuzzCheck(f *testing.F) {
	good := written(f, usual(f))
	f.Add([]byte(good))
	for _, r := range rules {
		f.Add([]byte(strings.Replace(good, r.old, r.new, 1)))
	}
	for _, text := range []string{"", "{}", "[", "a: &a [*a]", "? a\n: b", "!!binary x", "%YAML 1.2\n---\na", `{"@type": "/"}`, "{a: b}", "a: !ignore b", "!ignore a: b", "- - -\n-", "\ufeffa: b", "a: |\n  b\n", "\"a\": 'b'"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		findings := envoyconfig.Check("f", source, expectations())
		// A carriage return alone ends a line of YAML, too.
		lines := strings.Count(string(source), "\n") + strings.Count(string(source), "\r") + 1
		again := envoyconfig.Check("f", source, expectations())
		if len(again) != len(findings) {
			t.Fatalf("%v and then %v", findings, again)
		}
		for i, finding := range findings {
			if finding != again[i] {
				t.Errorf("%v and then %v", finding, again[i])
			}
			if finding.Line < 1 || finding.Column < 1 || finding.Line > lines+1 || finding.Code == "" || finding.Message == "" || finding.Remedy == "" {
				t.Errorf("%+v of %d lines", finding, lines)
			}
			if strings.ContainsAny(finding.String(), "\n\r\x1b") {
				t.Errorf("%q", finding.String())
			}
		}
	})
}
