package fleet

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Apart gives this process, which the clients are part of, the last processor for
// itself and whatever it started the others, until together is called: in earnest
// clients are machines of their own, and neither take a processor from who answers
// nor wait for one. With one processor it does not, and tells so.
//
// What it started has precedence over everything else, if that is permitted: a daemon
// of the machine that runs for some milliseconds in every second holds up a hundredth
// of all requests, and more of those of who has more to do, so that a p99 would be of
// that daemon. And stores go before who asks them: they would be machines of their own,
// too, which do not wait until a proxy has nothing to do.
func (f *Fleet) Apart() (s Sharing, together func() error, err error) {
	nothing := func() error { return nil }
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(os.Getpid(), &all); err != nil {
		return s, nothing, os.NewSyscallError("sched_getaffinity", err)
	}
	last, others := all, all
	if s.Apart = all.Count() > 1; s.Apart {
		last = unix.CPUSet{}
		for i := len(all)*64 - 1; i >= 0; i-- {
			if all.IsSet(i) {
				last.Set(i)
				others.Clear(i)
				break
			}
		}
		// A client's thread does not leave its place in Go's scheduler when it sleeps, and
		// Go would make that one place for all.
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	}
	below, err := descendants(os.Getpid())
	if err != nil {
		return s, nothing, err
	}
	together = func() error {
		err := errors.Join(confine(&all, os.Getpid()), confine(&all, below...), precede(unix.SCHED_NORMAL, 0, below...))
		runtime.SetDefaultGOMAXPROCS()
		return err
	}
	if err := errors.Join(confine(&last, os.Getpid()), confine(&others, below...)); err != nil {
		return s, nothing, errors.Join(err, together())
	}
	err = precede(unix.SCHED_RR, 1, below...)
	for _, pid := range f.stores {
		workers, failure := descendants(pid)
		err = errors.Join(err, failure, precede(unix.SCHED_RR, 2, append(workers, pid)...))
	}
	switch {
	case err == nil:
		s.Foremost = true
	case !errors.Is(err, unix.EPERM):
		return s, nothing, errors.Join(err, together())
	}
	return s, together, nil
}

// confine has processes run on some processors.
func confine(to *unix.CPUSet, pids ...int) error {
	return eachThread("sched_setaffinity", func(id int) error { return unix.SchedSetaffinity(id, to) }, pids)
}

// precede schedules processes by a policy.
func precede(policy uint32, priority uint32, pids ...int) error {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: policy, Priority: priority}
	return eachThread("sched_setattr", func(id int) error { return unix.SchedSetAttr(id, &attr, 0) }, pids)
}

// eachThread does something with all threads of processes; those that they start later
// are as the ones that start them.
func eachThread(name string, do func(id int) error, pids []int) (err error) {
	for _, pid := range pids {
		threads, failure := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if failure != nil && !errors.Is(failure, os.ErrNotExist) {
			err = errors.Join(err, failure)
		}
		for _, t := range threads {
			id, _ := strconv.Atoi(t.Name())
			if failure := do(id); failure != nil && !errors.Is(failure, unix.ESRCH) {
				err = errors.Join(err, os.NewSyscallError(name, failure))
			}
		}
	}
	return err
}

// descendants are the processes that a process started, and those that they did.
func descendants(pid int) (list []int, err error) {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, t := range threads {
		text, failure := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, t.Name()))
		if failure != nil && !errors.Is(failure, os.ErrNotExist) {
			err = errors.Join(err, failure)
		}
		for _, child := range strings.Fields(string(text)) {
			id, _ := strconv.Atoi(child)
			below, failure := descendants(id)
			if failure != nil && !errors.Is(failure, os.ErrNotExist) {
				err = errors.Join(err, failure)
			}
			list = append(append(list, id), below...)
		}
	}
	return list, err
}
