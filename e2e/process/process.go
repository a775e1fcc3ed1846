//go:build unix

package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Spec says what to run.
type Spec struct {
	// Path is the executable, Args its arguments without the name.
	Path string
	Args []string
	// Env is the whole environment.
	Env []string
	// Dir is the working directory.
	Dir string
	// Output gets what the process prints, besides the kept tail; may be nil.
	Output io.Writer
}

// Process is a running program, or one that has ended.
type Process struct {
	cmd  *exec.Cmd
	tail tail
	done chan struct{}
	err  error // set before done is closed
}

// Start starts a process in a group of its own. On Linux the kernel ends it
// when this process dies, whatever way that happens.
func Start(spec Spec) (*Process, error) {
	p := &Process{done: make(chan struct{})}
	p.tail.also = spec.Output
	p.cmd = exec.Command(spec.Path, spec.Args...)
	p.cmd.Env = spec.Env
	p.cmd.Dir = spec.Dir
	p.cmd.Stdout, p.cmd.Stderr = &p.tail, &p.tail
	p.cmd.SysProcAttr = attributes()
	// A grandchild that holds the pipe must not hold us.
	p.cmd.WaitDelay = 5 * time.Second

	started := make(chan error)
	go func() {
		// The parent-death signal is tied to the thread that forks, so that
		// thread lives as long as the child.
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", spec.Path, err)
	}
	return p, nil
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the process ended; nil is exit code 0. It waits for the end.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Ending says how the process ended and what it printed last. It waits for the
// end.
func (p *Process) Ending() string {
	how := "exit status 0"
	if err := p.Err(); err != nil {
		how = err.Error()
	}
	return how + "; its last words:\n" + p.Tail()
}

// Tail is the last of what the process printed.
func (p *Process) Tail() string { return p.tail.String() }

// Signal sends a signal to the process.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Stop asks the process to end and kills its group if it has not after grace.
// The error says how it ended.
func (p *Process) Stop(grace time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return p.err
	case <-timer.C:
		p.Kill()
		return fmt.Errorf("process %d did not end within %s of SIGTERM and was killed", p.PID(), grace)
	}
}

// Kill ends the process and its group at once and waits for that.
func (p *Process) Kill() {
	select {
	case <-p.done:
		return
	default:
	}
	// The group's id is the process's own; a group that is gone is no error.
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	<-p.done
}

// tailBytes is how much of a process's output is kept.
const tailBytes = 16 << 10

// tail keeps the last bytes written to it.
type tail struct {
	also io.Writer

	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.also != nil {
		// What a log sink cannot take must not stop the process.
		_, _ = t.also.Write(b)
	}
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - tailBytes; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(t.kept), "�")
}
