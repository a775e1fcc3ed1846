package datapath

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// resetPeak has Linux forget the greatest resident size of a process so far.
func resetPeak(pid int) error {
	const peakOnly = "5"
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte(peakOnly), 0o600)
}

// peak is the greatest resident size of a process in bytes since; 0 if it is not
// known.
func peak(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kibibytes, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0
	}
	return kibibytes << 10
}
