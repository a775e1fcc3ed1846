package arrivals

import "golang.org/x/sys/unix"

// Precede gives threads of this process, by their ids, as much precedence as is
// permitted, and tells the least that one got. Threads and processes that they
// start have none.
func Precede(threads ...int) Precedence {
	least := RealTime
	for _, id := range threads {
		attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Flags: unix.SCHED_FLAG_RESET_ON_FORK, Priority: 1}
		switch {
		case unix.SchedSetAttr(id, &attr, 0) == nil:
		case unix.Setpriority(unix.PRIO_PROCESS, id, -20) == nil:
			least = min(least, HighPriority)
		default:
			least = NoPrecedence
		}
	}
	return least
}
