package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// stage is a part of what happens to a request.
type stage struct {
	name string
	// within are parts of names of functions: a sample whose stack has one of each
	// list is of this stage, unless it is of one before.
	within [][]string
}

var (
	inKernel = []string{"runtime/syscall/linux.Syscall6", "runtime.futex", "runtime.usleep", "runtime.osyield", "runtime.tgkill"}
	write    = []string{"tcp.(*Direct).Write", "tcp.(*Direct).asks"}
	read     = []string{"tcp.(*Direct).Read"}
)

var stages = []stage{
	{"system: the request written to the store, up to its waking", [][]string{inKernel, write, {"sallyport/upstream."}}},
	{"system: the answer written to the client, up to its waking", [][]string{inKernel, write}},
	{"system: reading from both", [][]string{inKernel, read}},
	{"system: whether the store's connection is still one", [][]string{inKernel, {"tcp.(*Peek)"}}},
	{"system: waiting, and waking threads", [][]string{inKernel}},
	{"Go: scheduler, poller, monitor", [][]string{{"runtime.mcall", "runtime.schedule", "runtime.sysmon", "runtime.mstart", "runtime.netpoll", "runtime.ready", "runtime.park"}}},
	{"Go: memory and garbage", [][]string{{"runtime.mallocgc", "runtime.gc", "runtime.bgsweep", "runtime.bgscavenge"}}},
	{"reading the request's head", [][]string{{"http1.(*Reader).Request"}}},
	{"who asks: signature", [][]string{{"(*Enforcer).identify"}}},
	{"which accesses, and whether they are allowed", [][]string{{"(*Enforcer).Check"}}},
	{"recording and counting", [][]string{{"(*Enforcer).Finish"}}},
	{"signing and writing the head for the store", [][]string{{"(*Upstream).rewrite", "http1.AppendRequest"}}},
	{"reading the head of the answer", [][]string{{"http1.(*Reader).Response"}}},
	{"connections, deadlines, the answer's head and body", nil},
}

// stageOf is the index of the stage of a stack.
func stageOf(functions []string) int {
	for i := range stages {
		if stages[i].has(functions) {
			return i
		}
	}
	return len(stages) - 1
}

func (s *stage) has(functions []string) bool {
	for _, list := range s.within {
		if !containsAny(functions, list) {
			return false
		}
	}
	return true
}

func containsAny(functions, parts []string) bool {
	for _, function := range functions {
		for _, part := range parts {
			if strings.Contains(function, part) {
				return true
			}
		}
	}
	return false
}

// Stages tells where the processor time of a GET of a small object goes, by a
// profile of some seconds.
func Stages(ctx context.Context, long time.Duration) (text string, err error) {
	f, err := fleet.New(16 << 20)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var each float64 // nanoseconds of a request
	sampled, err := profiled(ctx, f, func(pid int, standalone, _ string) error {
		before := fleet.ProcessorTime(pid)
		requests, err := ask(ctx, f, standalone, get, long)
		each = float64(fleet.ProcessorTime(pid)-before) / float64(max(requests, 1))
		return err
	})
	if err != nil {
		return "", err
	}
	parts, err := split(sampled)
	if err != nil {
		return "", err
	}
	var rows [][]string
	for i := range stages {
		rows = append(rows, []string{stages[i].name, report.Duration(parts[i] * each), report.Percent(parts[i])})
	}
	rows = append(rows, []string{"a request", report.Duration(each), report.Percent(1)})
	return report.Table([]string{"processor time of Sallyport", "each request", "part"}, rows), nil
}

// split is which part of a profile each stage has.
func split(sampled []byte) ([]float64, error) {
	p, err := profile.Parse(bytes.NewReader(sampled))
	if err != nil {
		return nil, err
	}
	parts, total := make([]float64, len(stages)), 0.0
	for _, sample := range p.Sample {
		var functions []string
		for _, location := range sample.Location {
			for _, line := range location.Line {
				functions = append(functions, line.Function.Name)
			}
		}
		weight := float64(sample.Value[0])
		parts[stageOf(functions)] += weight
		total += weight
	}
	if total == 0 {
		return nil, fmt.Errorf("the profile has no samples")
	}
	for i := range parts {
		parts[i] /= total
	}
	return parts, nil
}
