package decision

import (
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// Curve is cost over size: a workload at several sizes, put to all peers.
type Curve struct {
	// Name names the files of plots, XLabel what grows.
	Name, XLabel string
	Sizes        []int
	Workload     func(n int) *Workload
	// Patience is how long one decision may take at one size for a peer to be
	// put to the next.
	Patience time.Duration
}

// Point is what was measured at one size.
type Point struct {
	Size int
	// Costs are by question and peer. A peer that is left out has none.
	Costs map[string]map[string]measure.Series
}

// Result is a measured curve.
type Result struct {
	Points []Point
	// Absent says which peers were left out, from which size, and why.
	Absent []string
}

// questions that are measured, in this order.
var measured = []string{Last, None}

// Measure loads every peer at every size, checks its answers and measures it.
func (c *Curve) Measure(o measure.Options, peers []Peer) (*Result, error) {
	result := &Result{}
	done := map[string]bool{}
	for _, size := range c.Sizes {
		w := c.Workload(size)
		var engines []Engine
		var subjects []measure.Subject
		var takesPart []string
		for _, peer := range peers {
			if done[peer.Name] {
				continue
			}
			engine, err := peer.Load(w)
			if errors.Is(err, ErrCannotSay) {
				done[peer.Name] = true
				continue
			}
			if err == nil {
				err = Check(engine, w)
			}
			if err != nil {
				return nil, fmt.Errorf("%s at %d: %s: %w", c.Name, size, peer.Name, err)
			}
			engines = append(engines, engine)
			takesPart = append(takesPart, peer.Name)
			for _, name := range measured {
				subjects = append(subjects, subject(name, w, engine))
			}
		}
		series := measure.Run(subjects, o)
		closeAll(engines)
		point := Point{Size: size, Costs: map[string]map[string]measure.Series{Last: {}, None: {}}}
		for i, peer := range takesPart {
			slowest := 0.
			for k, name := range measured {
				s := series[i*len(measured)+k]
				point.Costs[name][peer] = s
				slowest = max(slowest, s.Time().Median)
			}
			if slowest > float64(c.Patience) && size < c.Sizes[len(c.Sizes)-1] {
				done[peer] = true
				result.Absent = append(result.Absent, fmt.Sprintf(
					"%s is left out beyond %d: one decision took %s, more than %s",
					peer, size, report.Duration(slowest), report.Duration(float64(c.Patience))))
			}
		}
		result.Points = append(result.Points, point)
	}
	return result, nil
}

// subject is asking one question of a workload.
func subject(name string, w *Workload, e Engine) measure.Subject {
	for i, q := range w.Questions {
		if q.Name == name {
			return measure.Subject{Name: name, Do: func(n int) {
				for range n {
					if e.Ask(i) != q.Allowed {
						panic("a decision that was right has changed: " + name)
					}
				}
			}}
		}
	}
	panic("the workload has no question: " + name)
}
