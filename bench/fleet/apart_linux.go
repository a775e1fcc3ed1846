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
// nor wait for one. With one processor it changes nothing, and tells so.
func Apart() (apart bool, together func() error, err error) {
	nothing := func() error { return nil }
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(os.Getpid(), &all); err != nil {
		return false, nothing, os.NewSyscallError("sched_getaffinity", err)
	}
	if all.Count() < 2 {
		return false, nothing, nil
	}
	last, others := unix.CPUSet{}, all
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
	together = func() error {
		err := confine(&all, &all)
		runtime.SetDefaultGOMAXPROCS()
		return err
	}
	if err := confine(&last, &others); err != nil {
		return false, nothing, errors.Join(err, together())
	}
	return true, together, nil
}

// confine has this process run on some processors, and whatever it started on some.
func confine(self, started *unix.CPUSet) error {
	if err := confineThreads(os.Getpid(), self); err != nil {
		return err
	}
	below, err := descendants(os.Getpid())
	if err != nil {
		return err
	}
	for _, pid := range below {
		if err := confineThreads(pid, started); err != nil {
			return err
		}
	}
	return nil
}

// confineThreads confines all threads of a process; those that it starts later are
// as the ones that start them.
func confineThreads(pid int, to *unix.CPUSet) error {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, t := range threads {
		id, _ := strconv.Atoi(t.Name())
		if failure := unix.SchedSetaffinity(id, to); failure != nil && !errors.Is(failure, unix.ESRCH) {
			err = errors.Join(err, os.NewSyscallError("sched_setaffinity", failure))
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
