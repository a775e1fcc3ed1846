package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/bench/report"
)

// TestDocument checks that the page has a place for every section, and every
// plot that it shows, and that the table of goals tells what sections missed.
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
	for _, s := range sections {
		found, err := report.Text(string(text), s.name)
		if err != nil {
			t.Fatal(err)
		}
		without, err := report.ReplaceGoals(string(text), s.name, nil)
		if err != nil {
			t.Fatal(err)
		}
		const missed = "**missed**"
		if strings.Contains(found, missed) && strings.Count(without, missed) == strings.Count(string(text), missed) {
			t.Errorf("the table of goals does not tell what %s missed", s.name)
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
