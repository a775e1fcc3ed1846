package bundle

import (
	"io/fs"
	"time"
)

// lastChange is when one of several files or directories was changed last, by the
// clock of the file system. Who copies a file can choose when it was modified, and so
// what counts is when its entry was written, which nobody chooses.
type lastChange struct {
	at    time.Time
	noted bool
	// unknown tells that the system did not tell of one.
	unknown bool
}

func (c *lastChange) note(info fs.FileInfo) {
	at, ok := changeTime(info)
	c.add(lastChange{at: at, noted: ok, unknown: !ok})
}

func (c *lastChange) add(other lastChange) {
	if other.at.After(c.at) {
		c.at = other.at
	}
	c.noted, c.unknown = c.noted || other.noted, c.unknown || other.unknown
}

// before tells that all changes are known to have been before a moment.
func (c lastChange) before(moment time.Time) bool {
	return c.noted && !c.unknown && c.at.Before(moment)
}
