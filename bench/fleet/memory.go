package fleet

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ResetPeak has Linux forget the greatest resident size of a process so far.
func ResetPeak(pid int) error {
	const peakOnly = "5"
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte(peakOnly), 0o600)
}

// Peak is the greatest resident size of a process in bytes since; 0 if it is not
// known.
func Peak(pid int) int64 { return memory(pid, "VmHWM:") }

// Resident is the resident size of a process in bytes; 0 if it is not known.
func Resident(pid int) int64 { return memory(pid, "VmRSS:") }

func memory(pid int, name string) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), name)
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kibibytes, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0
	}
	return kibibytes << 10
}
