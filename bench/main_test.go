package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/sallyport-iam/sallyport/bench/report"
)

// TestDocument checks that the page has a place for every section, and every
// plot that it shows.
func TestDocument(t *testing.T) {
	t.Parallel()
	docs := filepath.Join("..", "docs")
	text, err := os.ReadFile(filepath.Join(docs, "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sections {
		if _, err := report.Replace(string(text), s.name, "x"); err != nil {
			t.Error(err)
		}
	}
	for _, plot := range regexp.MustCompile(`\]\((benchmarks/[^)]*)\)`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.Join(docs, plot[1])); err != nil {
			t.Error(err)
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	if err := run(true, "nothing", t.TempDir()); err == nil {
		t.Error("a section that does not exist is no error")
	}
}
