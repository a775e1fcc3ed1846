package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// allGoals is the section of a document that is the table of all goals.
const allGoals = "goals"

// ReplaceGoals puts the goals of a section into the table of all goals of a
// document, which is a section of its own with the name goals. Rows of other
// sections stay as they are; all are in the order of sections in the document.
func ReplaceGoals(document, section string, goals []Goal) (string, error) {
	table, err := Text(document, allGoals)
	if err != nil {
		return "", err
	}
	link, err := linkTo(document, section)
	if err != nil {
		return "", err
	}
	lines := rows(goals, link)
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		to := cells[len(cells)-1]
		if strings.HasPrefix(to, "[") && to != link {
			lines = append(lines, cells)
		}
	}
	order := links(document)
	place := func(row []string) int { return slices.Index(order, row[len(row)-1]) }
	lines = slices.DeleteFunc(lines, func(row []string) bool { return place(row) < 0 }) // of a section that is no more
	slices.SortStableFunc(lines, func(a, b []string) int { return place(a) - place(b) })
	return Replace(document, allGoals, Table([]string{"what", "measured", "goal", "became", "section"}, lines))
}

// linkTo is a link to the heading that a section of a document is under.
func linkTo(document, section string) (string, error) {
	before, _, found := strings.Cut(document, begin(section))
	if !found {
		return "", fmt.Errorf("the document has no line %q", strings.TrimSpace(begin(section)))
	}
	list := links(before)
	if len(list) == 0 {
		return "", fmt.Errorf("the document has no heading above its section %s", section)
	}
	return list[len(list)-1], nil
}

// links are links to the headings of the second level, in their order.
func links(document string) (list []string) {
	for line := range strings.Lines(document) {
		if title, found := strings.CutPrefix(line, "## "); found {
			title = strings.TrimSpace(title)
			list = append(list, "["+title+"](#"+anchor(title)+")")
		}
	}
	return list
}

// anchor is what GitHub calls a heading in links.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}
