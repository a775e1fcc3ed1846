package process

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Progress tells a person what is going on: on a terminal one line that counts
// the seconds, elsewhere plain lines.
type Progress struct {
	out      io.Writer
	terminal bool
	width    int
}

// quietEvery is how often a step that takes long reports off a terminal.
const quietEvery = 15 * time.Second

// NewProgress reports to out.
func NewProgress(out io.Writer) *Progress {
	p := &Progress{out: out, width: 100}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.terminal = true
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 20 {
			p.width = w
		}
	}
	return p
}

// Terminal tells whether a person watches the lines as they change.
func (p *Progress) Terminal() bool { return p.terminal }

// Step is one thing that takes a while. Call Done when it is over.
type Step struct {
	progress *Progress
	name     string
	began    time.Time
	stop     chan struct{}
	stopped  chan struct{}

	mu   sync.Mutex
	note string
}

// Step begins a step.
func (p *Progress) Step(name string) *Step {
	s := &Step{progress: p, name: name, began: time.Now(), stop: make(chan struct{}), stopped: make(chan struct{})}
	if !p.terminal {
		fmt.Fprintf(p.out, "%s …\n", name)
	}
	go s.run()
	return s
}

// Note adds what the step is busy with; only a terminal shows it.
func (s *Step) Note(text string) {
	s.mu.Lock()
	s.note = text
	s.mu.Unlock()
}

// Done ends the step; with an error the line says so.
func (s *Step) Done(err error) {
	close(s.stop)
	<-s.stopped
	mark, took := "✓", time.Since(s.began)
	if err != nil {
		mark = "✗"
	}
	if s.progress.terminal {
		fmt.Fprintf(s.progress.out, "\r\x1b[K%s %s (%.1f s)\n", mark, s.name, took.Seconds())
		return
	}
	fmt.Fprintf(s.progress.out, "%s %s (%.1f s)\n", mark, s.name, took.Seconds())
}

func (s *Step) run() {
	defer close(s.stopped)
	every := quietEvery
	if s.progress.terminal {
		every = 200 * time.Millisecond
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if s.progress.terminal {
			s.paint()
		}
		select {
		case <-s.stop:
			return
		case <-tick.C:
			if !s.progress.terminal {
				fmt.Fprintf(s.progress.out, "  %s: %.0f s so far\n", s.name, time.Since(s.began).Seconds())
			}
		}
	}
}

func (s *Step) paint() {
	s.mu.Lock()
	note := s.note
	s.mu.Unlock()
	line := fmt.Sprintf("· %s  %.0f s", s.name, time.Since(s.began).Seconds())
	if note != "" {
		line += "  " + note
	}
	if runes := []rune(line); len(runes) >= s.progress.width {
		line = string(runes[:s.progress.width-2]) + "…"
	}
	fmt.Fprintf(s.progress.out, "\r\x1b[K%s", strings.ReplaceAll(line, "\n", " "))
}
