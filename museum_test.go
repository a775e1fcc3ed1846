package sallyport_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestMuseumIsWhole: each defect that shipped in a system like this one, and that a
// test can tell of, has a test that is named after it: go test -run Museum ./...
func TestMuseumIsWhole(t *testing.T) {
	t.Parallel()
	const rows = 42
	measured := map[int]bool{33: true} // what a test of the metrics' labels and the benchmarks tell
	named := regexp.MustCompile(`(?m)^func TestMuseum_(\d\d)_[a-z]\w*\(`)
	found := map[int]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range named.FindAllStringSubmatch(string(text), -1) {
			row, _ := strconv.Atoi(match[1])
			found[row] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for row := 1; row <= rows; row++ {
		if !found[row] && !measured[row] {
			t.Errorf("no test is named TestMuseum_%02d_…", row)
		}
	}
}
