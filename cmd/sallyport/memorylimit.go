package main

import (
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"
)

// limitedPart is the part of a container's memory, in percent, that Go's heap and
// stacks may take: the rest is for the program itself and what the system keeps for
// its connections and files.
const limitedPart = 90

// limitMemory has garbage collected before the container's memory is spent, which
// would be the process's end. GOMEMLIMIT takes precedence. Of processors Go knows
// the container's limit by itself.
func limitMemory(logger *zap.Logger) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit, limited := containerMemory(os.DirFS("/"))
	if !limited {
		return
	}
	heap := limit / 100 * limitedPart
	debug.SetMemoryLimit(heap)
	logger.Info("memory is limited", zap.Int64("container_bytes", limit), zap.Int64("go_bytes", heap))
}

// containerMemory is the memory in bytes that the control group of the process and
// those it is in allow; false if none has a limit, or none can be read.
func containerMemory(root fs.FS) (limit int64, limited bool) {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	limit = unlimited
	for line := range strings.Lines(string(groups)) {
		// hierarchy:controllers:path, https://man7.org/linux/man-pages/man7/cgroups.7.html
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(parts) != 3:
		case parts[0] == "0" && parts[1] == "":
			limit = min(limit, leastLimit(root, "sys/fs/cgroup", parts[2], "memory.max"))
		case slices.Contains(strings.Split(parts[1], ","), "memory"):
			limit = min(limit, leastLimit(root, "sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes"))
		}
	}
	return limit, limit < unlimited
}

// unlimited is at least what version 1 of control groups says where there is no
// limit: as many pages as there can be.
const unlimited = math.MaxInt64 >> 12 << 12

// leastLimit is the least limit of a group and those it is in. In a container, the
// group's own is often at the root, and its path is not there.
func leastLimit(root fs.FS, mount, group, file string) int64 {
	least := int64(unlimited)
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		if text, err := fs.ReadFile(root, path.Join(mount, group, file)); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 { // or max
				least = min(least, n)
			}
		}
		if group == "/" {
			return least
		}
	}
}
