//go:build !linux

package bundle

import (
	"io/fs"
	"time"
)

// changeTime is not known on systems that nothing is served on.
func changeTime(fs.FileInfo) (at time.Time, ok bool) { return time.Time{}, false }
