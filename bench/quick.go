package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/sallyport-iam/sallyport/bench/report"
)

// attempts is how often a guard is looked at before it counts as broken: something
// else may have been at work.
const attempts = 2

// look measures a section briefly and writes what it finds, and how far each guard
// is from failing. A guard fails that does not hold in any attempt.
func look(s section, e effort, out io.Writer) error {
	var broken map[string]error
	for n := range attempts {
		start := begin()
		r, err := s.run(e)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		heading := s.name
		if n > 0 {
			heading += ", once more"
		}
		_, _ = fmt.Fprintf(out, "## %s\n\n%s\n%s\n%s", heading, r.Text, start.end(s.name, r.Versions), lines(r.Guards))
		now := map[string]error{}
		for _, g := range r.Guards {
			if err := g.Err(); err != nil && (n == 0 || broken[g.What] != nil) {
				now[g.What] = fmt.Errorf("%s: %w", s.name, err)
			}
		}
		if broken = now; len(broken) == 0 {
			return nil
		}
	}
	var list []error
	for _, err := range broken {
		list = append(list, err)
	}
	return errors.Join(list...)
}

func lines(guards []report.Guard) (text string) {
	for _, g := range guards {
		text += g.Line()
	}
	return text
}
