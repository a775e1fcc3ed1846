package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/sallyport-iam/sallyport/bench/decision"
	"github.com/sallyport-iam/sallyport/bench/report"
	"github.com/sallyport-iam/sallyport/bench/signature"
)

// busy is the part of the machine from which on others disturb a measurement.
const busy = 0.05

// crowded is the part from which on ratios do not hold either: what needs more
// processes waits longer.
const crowded = 0.25

// circumstances are under which a section was measured.
type circumstances struct {
	start time.Time
	// machine and own are the processor time that was spent when it began, by
	// all and by this process; machine is negative if that is not known.
	machine, own time.Duration
}

func begin() circumstances {
	return circumstances{time.Now(), machineTime(), ownTime()}
}

// end tells the conditions, and how to measure a section again.
func (c circumstances) end(section string, programs []string) string {
	return c.conditions(programs) + " Again: `make bench ONLY=" + section + "`.\n"
}

// conditions tells the machine, the versions, and how much others were at work.
func (c circumstances) conditions(programs []string) string {
	took := time.Since(c.start)
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s in %s, at revision %s of the repository, on %s (%d of its processors), %s %s/%s.",
		c.start.Format(time.DateOnly), took.Round(time.Second), revision(), processor(), runtime.NumCPU(),
		runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if programs == nil {
		programs = modules()
	}
	if len(programs) > 0 {
		b.WriteString(" " + strings.Join(programs, ", ") + ".")
	}
	if c.machine >= 0 {
		others := (machineTime() - c.machine) - (ownTime() - c.own)
		part := max(0, float64(others)/float64(took)/float64(runtime.NumCPU()))
		switch {
		case part < busy:
			fmt.Fprintf(&b, " Nothing else was at work (%s of the processors).", report.Percent(part))
		case part < crowded:
			fmt.Fprintf(&b, " **Measured under load**: others took %s of the processors meanwhile. "+
				"Ratios hold, since all were measured in turns; times are longer than on a quiet machine.", report.Percent(part))
		default:
			fmt.Fprintf(&b, " **Measured under heavy load**: others took %s of the processors meanwhile. "+
				"Neither times nor ratios are those of a quiet machine.", report.Percent(part))
		}
	}
	return b.String()
}

// revision is the commit, marked if the code that is measured differs from it.
func revision() string {
	commit, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	text := strings.TrimSpace(string(commit))
	if exec.Command("git", "diff", "--quiet", "HEAD", "--", "..", ":(exclude)../docs").Run() != nil {
		text += " with changes"
	}
	return text
}

// modules are the peers that are linked in, with their versions.
func modules() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var list []string
	seen := map[string]bool{}
	var peers []string
	for _, peer := range decision.Peers()[1:] {
		peers = append(peers, peer.Module)
	}
	for _, peer := range append(peers, signature.Modules...) {
		for _, module := range info.Deps {
			if module.Path == peer && module.Replace == nil && !seen[module.Path] {
				seen[module.Path] = true
				list = append(list, module.Path+" "+module.Version)
			}
		}
	}
	return list
}

func processor() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "an unknown processor"
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unknown processor"
}

// machineTime is the processor time that all have spent, as Linux counts it.
func machineTime() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return -1
	}
	first, _, _ := strings.Cut(string(text), "\n")
	var user, nice, system, idle, wait, interrupt, soft, steal int64
	if _, err := fmt.Sscanf(first, "cpu %d %d %d %d %d %d %d %d",
		&user, &nice, &system, &idle, &wait, &interrupt, &soft, &steal); err != nil {
		return -1
	}
	const ticks = 100 // per second, on every platform of Linux that Go runs on
	return time.Duration(user+nice+system+interrupt+soft+steal) * time.Second / ticks
}

// ownTime is what this process has spent, and those that it started and that
// have ended.
func ownTime() time.Duration {
	var total time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		if err := syscall.Getrusage(who, &usage); err == nil {
			total += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		}
	}
	return total
}
