package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/bench/measure"
)

// Goal is a bound on what was measured. It is stated once: its line or cell in a
// section and its part in the table of all goals follow from it.
type Goal struct {
	// What is bounded, and Case in which case. Goals of a section that bound the
	// same are one row of the table, which tells the worst of them. Case is "" if
	// there is only one.
	What, Case string
	Measured   measure.Summary
	// Unit writes a number of what was measured.
	Unit func(float64) string
	// Bound is the least or the most that holds the goal.
	Bound float64
	// AtLeast tells that it is the least.
	AtLeast bool
}

// Held tells whether what was measured holds the goal. No number does not.
func (g Goal) Held() bool {
	if g.AtLeast {
		return g.Measured.Median >= g.Bound
	}
	return g.Measured.Median <= g.Bound
}

// Line is a line of Markdown that tells what was measured, the goal and whether
// it was held.
func (g Goal) Line() string {
	what := g.What
	if g.Case != "" {
		what += ", " + g.Case
	}
	return fmt.Sprintf("* %s: %s, goal %s: %s.\n", capitalised(what), g.measured(), g.bound(), verdict(g.Held()))
}

// Lines are the lines of goals.
func Lines(goals []Goal) string {
	var b strings.Builder
	for _, g := range goals {
		b.WriteString(g.Line())
	}
	return b.String()
}

// Cell is a cell of a table that tells the goals of its row, of which there may be
// none, and whether all of them were held.
func Cell(goals ...Goal) string {
	if len(goals) == 0 {
		return "–"
	}
	bounds := make([]string, len(goals))
	for i, g := range goals {
		bounds[i] = g.bound()
	}
	held := !slices.ContainsFunc(goals, func(g Goal) bool { return !g.Held() })
	return strings.Join(bounds, ", ") + ": " + verdict(held)
}

func (g Goal) bound() string {
	if g.AtLeast {
		return "≥ " + g.Unit(g.Bound)
	}
	return "≤ " + g.Unit(g.Bound)
}

// measured leaves out the spread of what has none, as a count.
func (g Goal) measured() string {
	if g.Measured.Spread == 0 {
		return g.Unit(g.Measured.Median)
	}
	return Summary(g.Measured, g.Unit)
}

// worse tells whether a goal is farther from being held than another one with the
// same bound. No number is the worst.
func (g Goal) worse(than Goal) bool {
	if g.AtLeast {
		return !(g.Measured.Median >= than.Measured.Median)
	}
	return !(g.Measured.Median <= than.Measured.Median)
}

func verdict(held bool) string {
	if held {
		return "held"
	}
	return "**missed**"
}

// group is goals that bound the same.
type group []Goal

// groups are goals by what they bound, in their order.
func groups(goals []Goal) (list []group) {
	for _, g := range goals {
		same := func(other group) bool { return other[0].What == g.What && other[0].bound() == g.bound() }
		if i := slices.IndexFunc(list, same); i >= 0 {
			list[i] = append(list[i], g)
		} else {
			list = append(list, group{g})
		}
	}
	return list
}

// worst is what was measured where it is farthest from the goal, and what became
// of the goal in all cases.
func (of group) worst() (measured, became string) {
	worst, missed := of[0], 0
	for _, g := range of {
		if g.worse(worst) {
			worst = g
		}
		if !g.Held() {
			missed++
		}
	}
	measured, became = worst.measured(), verdict(missed == 0)
	switch {
	case len(of) > 1:
		measured += fmt.Sprintf(" (%s, the worst of %d)", worst.Case, len(of))
		if missed > 0 {
			became += fmt.Sprintf(" by %d of %d", missed, len(of))
		}
	case worst.Case != "":
		measured += " (" + worst.Case + ")"
	}
	return measured, became
}

// WorstLines are lines as those of goals, but one for all that bound the same.
func WorstLines(goals []Goal) string {
	var b strings.Builder
	for _, of := range groups(goals) {
		measured, became := of.worst()
		fmt.Fprintf(&b, "* %s: %s, goal %s: %s.\n", capitalised(of[0].What), measured, of[0].bound(), became)
	}
	return b.String()
}

// rows are those of goals in the table of all goals: one for all that bound the
// same. link leads to the section.
func rows(goals []Goal, link string) (list [][]string) {
	for _, of := range groups(goals) {
		measured, became := of.worst()
		list = append(list, []string{of[0].What, measured, of[0].bound(), became, link})
	}
	return list
}

func capitalised(what string) string { return strings.ToUpper(what[:1]) + what[1:] }
