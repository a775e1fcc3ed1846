package bundle

import (
	"io/fs"
	"syscall"
	"time"
)

// changeTime is when the entry of a file or directory was written last.
func changeTime(info fs.FileInfo) (at time.Time, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(stat.Ctim.Unix()), true
}
