package bundle_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

var update = flag.Bool("update", false, "write what is found into testdata")

// TestFindings loads each archive of testdata/findings and compares all that is
// found with its file "want": a line "severity CODE file:line:col: …" for each.
// Files are laid over the small bundle; one that consists of "-" is removed.
func TestFindings(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/findings/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			changes, a := archive(t, path)
			want := changes["want"]
			delete(changes, "want")
			for name, text := range changes {
				if strings.TrimSpace(text) == "-" {
					changes[name] = ""
				}
			}
			directory := t.TempDir()
			small.with(changes).write(t, directory)
			o := options(t, directory)
			o.Now = func() time.Time { return time.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC) }
			snapshot, findings := bundle.Load(o)
			if (snapshot == nil) != policy.HasErrors(findings) {
				t.Errorf("snapshot %v with errors %t", snapshot, policy.HasErrors(findings))
			}
			got := report(findings, directory)
			if *update {
				for i := range a.Files {
					if a.Files[i].Name == "want" {
						a.Files[i].Data = []byte(got)
					}
				}
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// report is the findings as testdata has them: without the test's directory.
func report(findings []policy.Finding, directory string) string {
	var b strings.Builder
	for _, f := range findings {
		line := f.Severity.String() + " " + f.Code + " " + f.String() + "\n"
		b.WriteString(strings.ReplaceAll(line, directory+"/", ""))
	}
	return b.String()
}

// TestFindingsTellEverything: what is found has a place, a code, a sentence and,
// unless nothing need be done, a remedy.
func TestFindingsTellEverything(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/findings/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range archives {
		changes, _ := archive(t, path)
		delete(changes, "want")
		_, findings := small.with(changes).load(t)
		for _, f := range findings {
			if f.File == "" || f.Line < 1 || f.Column < 1 || f.Code == "" || f.Message == "" || f.Remedy == "" && f.Severity != policy.Note {
				t.Errorf("%s: incomplete finding %+v", path, f)
			}
			if strings.Contains(f.String(), secretKey) {
				t.Errorf("%s: the finding shows a secret", path)
			}
		}
	}
}

// TestDocumentedFiles reads the files of a bundle that docs/bundle.md shows.
func TestDocumentedFiles(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/bundle.md")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		path := "bundle.yaml"
		if first, _, _ := strings.Cut(block, "\n"); strings.HasPrefix(first, "# ") {
			path = strings.TrimPrefix(first, "# ")
		} else if strings.HasPrefix(block, "keys:") {
			if _, _, findings := bundle.ParseKeys([]byte(block)); len(findings) > 0 {
				t.Errorf("the key file: %v", findings)
			}
			read++
			continue
		}
		if findings, ok := bundle.ParseFile(path, []byte(block)); !ok || len(findings) > 0 {
			t.Errorf("%s: %v", path, findings)
		}
		read++
	}
	if read < 4 {
		t.Errorf("%d files", read)
	}
}
