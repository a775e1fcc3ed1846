package arrivals

// Precedence is what a thread has over others.
type Precedence byte

// What the system permitted, the least first.
const (
	NoPrecedence Precedence = iota
	HighPriority            // nice -20
	RealTime                // SCHED_FIFO
)

func (p Precedence) String() string {
	switch p {
	case RealTime:
		return "real time (`SCHED_FIFO`)"
	case HighPriority:
		return "nice -20"
	}
	return "none: it was not permitted"
}
