//go:build !unix

package bundle

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// lock refuses: without a lock two writers would lose each other's keys.
func lock(string, time.Duration) (unlock func(), err error) {
	return nil, errors.New("key files cannot be locked on this system: write them by hand")
}

func keepOwner(*os.File, fs.FileInfo) error { return nil }

func rootsForUs(fs.FileInfo) bool { return false }
