// Package report writes what was measured: tables between the markers of a
// document, and plots.
package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/bench/measure"
)

// Report is what one section of the benchmarks has to say.
type Report struct {
	// Text is Markdown.
	Text  string
	Plots []Plot
	Bars  []Bars
	// Goals are those that the section has, whether they were held or not.
	Goals []Goal
	// Guards bound what was found; a quick run tells.
	Guards []Guard
	// Versions are the programs that were measured, with their versions; nil if
	// it was the peers that are linked in.
	Versions []string
}

// Replace puts text between the markers of a section of a document.
func Replace(document, section, text string) (string, error) {
	before, _, after, err := cut(document, section)
	if err != nil {
		return "", err
	}
	return before + begin(section) + "\n" + strings.TrimSpace(text) + "\n\n" + end(section) + after, nil
}

// Text is what is between the markers of a section of a document.
func Text(document, section string) (string, error) {
	_, text, _, err := cut(document, section)
	return text, err
}

// cut cuts a document at the markers of a section.
func cut(document, section string) (before, text, after string, err error) {
	before, rest, found := strings.Cut(document, begin(section))
	if !found {
		return "", "", "", fmt.Errorf("the document has no line %q", strings.TrimSpace(begin(section)))
	}
	text, after, found = strings.Cut(rest, end(section))
	if !found {
		return "", "", "", fmt.Errorf("the document has no line %q", end(section))
	}
	return before, text, after, nil
}

func begin(section string) string { return "<!-- " + section + ": begin, written by make bench -->\n" }
func end(section string) string   { return "<!-- " + section + ": end -->" }

// Table is a table of Markdown, whose columns but the first are aligned right.
func Table(header []string, rows [][]string) string {
	var b strings.Builder
	write := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	write(header)
	b.WriteString("|---" + strings.Repeat("|---:", len(header)-1) + "|\n")
	for _, row := range rows {
		write(row)
	}
	return b.String()
}

// Duration writes nanoseconds with three digits and the unit that fits.
func Duration(nanoseconds float64) string {
	if nanoseconds < 0 {
		return "−" + Duration(-nanoseconds)
	}
	units := []string{"ns", "µs", "ms", "s"}
	for i, unit := range units {
		if rounded := threeDigits(nanoseconds); rounded < 1000 || i == len(units)-1 {
			return number(rounded) + " " + unit
		}
		nanoseconds /= 1000
	}
	return ""
}

// Ratio writes how many times something is.
func Ratio(r float64) string { return number(threeDigits(r)) + "×" }

// Summary writes a median in a unit, with its spread.
func Summary(s measure.Summary, unit func(float64) string) string {
	return unit(s.Median) + " ±" + Percent(s.Spread)
}

// Percent writes a part of one as a percentage.
func Percent(part float64) string { return fmt.Sprintf("%.0f %%", 100*part) }

// Bytes writes a size in MB, or in bytes if it is small.
func Bytes(n float64) string {
	if n < 10_000 {
		return Count(int(math.Round(n))) + " B"
	}
	return number(threeDigits(n/1e6)) + " MB"
}

// Allocations writes a number of allocations.
func Allocations(n float64) string { return Count(int(math.Round(n))) + " allocations" }

// Count writes a number with commas.
func Count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func threeDigits(x float64) float64 {
	if x == 0 {
		return 0
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}

// number writes a number of at most three significant digits.
func number(x float64) string {
	if x >= 1000 {
		return Count(int(x))
	}
	digits := 2
	if x > 0 {
		digits = max(0, 2-int(math.Floor(math.Log10(x))))
	}
	return strconv.FormatFloat(x, 'f', digits, 64)
}
