package bundle

import (
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// changeTime is when the entry of a file or directory was written last.
func changeTime(info fs.FileInfo) (at time.Time, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(stat.Ctim.Unix()), true
}

// stampOf is the stamp of a file or directory.
func stampOf(info fs.FileInfo) (s stamp, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{}, false
	}
	return stamp{
		device: stat.Dev, inode: stat.Ino, size: stat.Size, modified: stat.Mtim.Nano(), changed: stat.Ctim.Nano(),
	}, true
}

// hasOtherNames tells whether a file has more than one name.
func hasOtherNames(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink > 1
}

// tellsChanges tells whether a directory is on a file system that is known to write
// down when its files change. Those of a network are not: what they tell may be what
// they told before.
func tellsChanges(root *os.Root) bool {
	directory, err := root.Open(".")
	if err != nil {
		return false
	}
	defer func() { _ = directory.Close() }()
	return fileTellsChanges(directory)
}

// fileTellsChanges is tellsChanges of the file system that an open file is on.
func fileTellsChanges(f *os.File) bool {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	var there unix.Statfs_t
	told := false
	if raw.Control(func(fd uintptr) { told = unix.Fstatfs(int(fd), &there) == nil }) != nil || !told {
		return false
	}
	switch uint32(there.Type) { // what it is of, whatever its type
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC:
		return true
	}
	return false
}
