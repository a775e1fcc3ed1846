package conformance

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Reason is why some tests that pass directly do not pass through Sallyport.
type Reason struct {
	// Title names it, and Text says it in a sentence or two.
	Title, Text string
	// Shows is, by test, what its failure must hold: a test that fails in
	// another way fails for another reason.
	Shows map[string]string
}

//go:embed differences.txt
var differences string

// Reasons are those of differences.txt.
func Reasons() ([]Reason, error) { return parseReasons(differences) }

// parseReasons reads "= TITLE", then lines of text, then "- TEST: what it shows".
func parseReasons(text string) ([]Reason, error) {
	var reasons []Reason
	seen := map[string]bool{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if title, ok := strings.CutPrefix(line, "= "); ok {
			reasons = append(reasons, Reason{Title: title, Shows: map[string]string{}})
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if len(reasons) == 0 {
			return nil, fmt.Errorf("line %d: before the first reason", number)
		}
		r := &reasons[len(reasons)-1]
		item, ok := strings.CutPrefix(line, "- ")
		if !ok {
			r.Text = strings.TrimSpace(r.Text + " " + line)
			continue
		}
		name, shows, ok := strings.Cut(item, ": ")
		switch {
		case !ok || name == "" || shows == "":
			return nil, fmt.Errorf("line %d: write - TEST: what its failure shows", number)
		case seen[name]:
			return nil, fmt.Errorf("line %d: %s stands twice", number, name)
		}
		seen[name], r.Shows[name] = true, shows
	}
	for _, r := range reasons {
		if r.Text == "" || len(r.Shows) == 0 {
			return nil, fmt.Errorf("%q has no reason, or no test", r.Title)
		}
	}
	return reasons, nil
}

// Compared is what came out of running the same tests both ways.
type Compared struct {
	// Passed are the tests that pass directly.
	Passed []string
	// Differ is how those of them fail through Sallyport that do.
	Differ map[string]string
	// Failing is how tests fail directly, which says nothing of Sallyport.
	Failing map[string]string
}

// Compare compares. Both must be of the same tests.
func Compare(direct, through Verdicts) (*Compared, error) {
	if !slices.Equal(slices.Sorted(maps.Keys(direct)), slices.Sorted(maps.Keys(through))) {
		return nil, fmt.Errorf("%d tests ran directly and %d through Sallyport, not all the same", len(direct), len(through))
	}
	c := &Compared{Differ: map[string]string{}, Failing: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(direct)) {
		if direct[name] != "" {
			c.Failing[name] = direct[name]
			continue
		}
		c.Passed = append(c.Passed, name)
		if through[name] != "" {
			c.Differ[name] = through[name]
		}
	}
	return c, nil
}

// Judge says what is wrong with the reasons for what was found in some runs:
// differences that have none, those that show something else, and, of the tests
// that ran, those that have a reason and do not differ in any run.
func Judge(reasons []Reason, runs []*Compared) []string {
	var wrong []string
	shows := map[string]string{}
	for _, r := range reasons {
		maps.Copy(shows, r.Shows)
	}
	ran, differs := map[string]bool{}, map[string]bool{}
	for _, c := range runs {
		for _, name := range c.Passed {
			ran[name] = true
		}
		for _, name := range slices.Sorted(maps.Keys(c.Differ)) {
			how := c.Differ[name]
			switch want, listed := shows[name]; {
			case !listed:
				wrong = append(wrong, fmt.Sprintf("%s passes directly, fails through Sallyport, and has no reason: %s", name, how))
			case !strings.Contains(how, want):
				wrong = append(wrong, fmt.Sprintf("%s is to show %q, and fails otherwise: %s", name, want, how))
			}
			differs[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(shows)) {
		if ran[name] && !differs[name] {
			wrong = append(wrong, name+" has a reason and passes through Sallyport: remove it from differences.txt")
		}
	}
	return wrong
}
