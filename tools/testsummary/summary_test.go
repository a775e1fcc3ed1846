package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module writes a module of one package whose test file holds the text.
func module(t *testing.T, text string) string {
	t.Helper()
	directory := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":    "module example.com/sallyport/m\n\ngo 1.26\n",
		"m_test.go": text,
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

func TestRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		code       int
		want       []string
	}{
		{
			name: "all is well, one is skipped",
			text: `package m
import "testing"
func TestA(t *testing.T) {
	t.Run("x", func(t *testing.T) {})
	t.Run("y", func(t *testing.T) { t.Skip("needs the moon") })
}
func TestB(t *testing.T) { t.SkipNow() }
`,
			want: []string{"skipped:\n", "m.TestA/y: needs the moon\n", "m.TestB: no reason given\n", "\n1 passed, 0 failed, 2 skipped\n"},
		},
		{
			name: "a subtest fails",
			text: `package m
import "testing"
func TestA(t *testing.T) {
	t.Run("x", func(t *testing.T) { t.Error("the reason") })
	t.Run("y", func(t *testing.T) {})
}
`,
			code: 1,
			want: []string{"the reason", "failed:\n  m.TestA/x\n", "\n1 passed, 1 failed, 0 skipped\n"},
		},
		{
			name: "it does not build",
			text: "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { undefined() }\n",
			code: 1,
			want: []string{"undefined: undefined", "m: does not build", "\n0 passed, 1 failed, 0 skipped\n"},
		},
		{
			name: "the process ends",
			text: "package m\nimport (\"os\"; \"testing\")\nfunc TestMain(m *testing.M) { println(\"gone\"); os.Exit(3) }\nfunc TestA(t *testing.T) {}\n",
			code: 1,
			want: []string{"gone", "outside of its tests", "\n0 passed, 1 failed, 0 skipped\n"},
		},
		{
			name: "a panic",
			text: "package m\nimport \"testing\"\nfunc TestA(t *testing.T) { panic(\"oops\") }\n",
			code: 1,
			want: []string{"oops", "m.TestA\n", "\n0 passed, 1 failed, 0 skipped\n"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, errOut strings.Builder
			code, err := run([]string{"-count=1", "-C", module(t, tt.text), "."}, &out, &errOut)
			if err != nil || code != tt.code {
				t.Errorf("code %d, error %v, want %d", code, err, tt.code)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in\n%s%s", want, &out, &errOut)
				}
			}
		})
	}
}

func TestRunWithoutModule(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if code, err := run([]string{"-race"}, &out, &out); code != 2 || err == nil {
		t.Errorf("code %d, error %v", code, err)
	}
	if code, err := run([]string{filepath.Join(t.TempDir(), "gone")}, &out, &out); code != 1 || err == nil {
		t.Errorf("code %d, error %v", code, err)
	}
}

func TestRunBrokenModule(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "go.mod"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if code, err := run([]string{"-C", directory, "."}, &out, &out); code != 1 || err != nil {
		t.Errorf("code %d, error %v\n%s", code, err, &out)
	}
	if !strings.Contains(out.String(), "0 passed, 1 failed, 0 skipped") {
		t.Errorf("no summary:\n%s", &out)
	}
}
