package sallyport_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const module = "github.com/sallyport-iam/sallyport"

// rule is a rule of depguard in .golangci.yaml: the imports of one room.
type rule struct {
	Files []string
	Deny  []struct{ Pkg, Desc string }
	Allow []string
}

// pkg is what the go command tells of a package.
type pkg struct {
	ImportPath string
	Imports    []string
}

// TestRooms checks that every package belongs to a room, and that the rooms
// import each other only as .golangci.yaml says: the linter says it too, but a
// package that is new would go unnoticed there.
func TestRooms(t *testing.T) {
	t.Parallel()
	rules := readRules(t)
	for _, p := range listPackages(t) {
		directory := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if directory == "" {
			continue // this test
		}
		room, found := roomOf(rules, directory)
		if !found {
			t.Errorf("%s is in no room: give it a rule in .golangci.yaml", directory)
			continue
		}
		for _, imported := range p.Imports {
			if own := imported == module || strings.HasPrefix(imported, module+"/"); own && !rules[room].allows(imported) {
				t.Errorf("%s imports %s, which the room %s may not", directory, imported, room)
			}
		}
	}
}

// TestRulesHaveReasons checks what a contributor reads when a rule stops them.
func TestRulesHaveReasons(t *testing.T) {
	t.Parallel()
	for name, r := range readRules(t) {
		for _, d := range r.Deny {
			if d.Desc == "" {
				t.Errorf("the rule %s denies %s without a reason", name, d.Pkg)
			}
		}
	}
}

// roomOf finds the rule that is for the files of a directory.
func roomOf(rules map[string]rule, directory string) (string, bool) {
	for name, r := range rules {
		for _, pattern := range r.Files {
			pattern, ok := strings.CutPrefix(path.Dir(pattern), "**/")
			if !ok {
				continue
			}
			below, deep := strings.CutSuffix(pattern, "/**")
			if matched, _ := path.Match(pattern, directory); matched || deep && strings.HasPrefix(directory, below+"/") {
				return name, true
			}
		}
	}
	return "", false
}

// allows tells whether the longest entry that fits an import is one that allows
// it, as depguard decides.
func (r rule) allows(imported string) bool {
	longest := func(entries []string) int {
		length := -1
		for _, entry := range entries {
			exact, isExact := strings.CutSuffix(entry, "$")
			if imported == exact || !isExact && strings.HasPrefix(imported, entry) {
				length = max(length, len(exact))
			}
		}
		return length
	}
	denied := make([]string, len(r.Deny))
	for i, d := range r.Deny {
		denied[i] = d.Pkg
	}
	strict := false
	for _, entry := range r.Allow {
		strict = strict || entry == "$gostd"
	}
	allow, deny := longest(r.Allow), longest(denied)
	if strict {
		return allow > deny
	}
	return deny < 0 || allow > deny
}

func readRules(t *testing.T) map[string]rule {
	t.Helper()
	text, err := os.ReadFile(".golangci.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var lint struct {
		Linters struct {
			Settings struct {
				Depguard struct{ Rules map[string]rule }
			}
		}
	}
	if err := yaml.Unmarshal(text, &lint); err != nil {
		t.Fatal(err)
	}
	rules := lint.Linters.Settings.Depguard.Rules
	if len(rules) == 0 {
		t.Fatal(".golangci.yaml has no rules for rooms")
	}
	return rules
}

func listPackages(t *testing.T) []pkg {
	t.Helper()
	output, err := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []pkg
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	for {
		var p pkg
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
