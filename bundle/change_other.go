//go:build !linux

package bundle

import (
	"io/fs"
	"os"
	"time"
)

// changeTime is not known on systems that nothing is served on.
func changeTime(fs.FileInfo) (at time.Time, ok bool) { return time.Time{}, false }

func stampOf(fs.FileInfo) (s stamp, ok bool) { return stamp{}, false }

func hasOtherNames(fs.FileInfo) bool { return false }

func tellsChanges(*os.Root) bool { return false }

func fileTellsChanges(*os.File) bool { return false }
