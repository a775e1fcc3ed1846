package report

import "fmt"

// Guard is a bound on a ratio that holds on any machine, with room: a quick run
// fails where it does not hold.
type Guard struct {
	What  string
	Ratio float64
	// Least and Most bound it; 0 is no bound.
	Least, Most float64
}

// Line is a line of Markdown that tells what is guarded, and how far from it that is.
func (g Guard) Line() string {
	line := fmt.Sprintf("* Guarded: %s: %s", g.What, Ratio(g.Ratio))
	if g.Least > 0 {
		line += ", at least " + Ratio(g.Least)
	}
	if g.Most > 0 {
		line += ", at most " + Ratio(g.Most)
	}
	return line + ".\n"
}

// Err is an error if the guard does not hold.
func (g Guard) Err() error {
	switch {
	case !(g.Ratio >= g.Least): // no number does not hold either
		return fmt.Errorf("%s: %s, guarded to be at least %s", g.What, Ratio(g.Ratio), Ratio(g.Least))
	case g.Most > 0 && g.Ratio > g.Most:
		return fmt.Errorf("%s: %s, guarded to be at most %s", g.What, Ratio(g.Ratio), Ratio(g.Most))
	}
	return nil
}
