// Package wrk generates load with the program wrk: requests that were made, and
// signed, before, over connections that are never idle.
package wrk

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

//go:embed replay.lua
var script []byte

// Load is a list of requests to send again and again.
type Load struct{ script, requests string }

// New writes requests, each as it goes over the wire, to a directory.
func New(directory, name string, requests [][]byte) (*Load, error) {
	var b bytes.Buffer
	for _, r := range requests {
		b.WriteString(strconv.Itoa(len(r)) + "\n")
		b.Write(r)
	}
	l := &Load{script: filepath.Join(directory, "replay.lua"), requests: filepath.Join(directory, name+".requests")}
	if err := os.WriteFile(l.requests, b.Bytes(), 0o600); err != nil {
		return nil, err
	}
	return l, os.WriteFile(l.script, script, 0o600)
}

// Result is what one run counted.
type Result struct {
	// PerSecond is the number of answers, P50 and P99 are quantiles of how long
	// one took.
	PerSecond float64
	P50, P99  time.Duration
	// Requests is the number of all answers.
	Requests int
}

// Program is where wrk is.
func Program() (string, error) {
	program, err := exec.LookPath("wrk")
	if err != nil {
		return "", fmt.Errorf("%w: install it (apt-get install wrk)", err)
	}
	return program, nil
}

// Run sends the requests to an address for some whole seconds, by one thread. An
// answer that is no success, and a connection that breaks, is an error.
func (l *Load) Run(ctx context.Context, address string, connections int, duration time.Duration) (Result, error) {
	return l.run(ctx, address, connections, duration, false)
}

// RunRefused does the same with requests that must be refused, all of them: an
// answer that is a success is an error.
func (l *Load) RunRefused(ctx context.Context, address string, connections int, duration time.Duration) (Result, error) {
	return l.run(ctx, address, connections, duration, true)
}

func (l *Load) run(ctx context.Context, address string, connections int, duration time.Duration, refused bool) (Result, error) {
	program, err := Program()
	if err != nil {
		return Result{}, err
	}
	seconds := max(1, int(duration.Round(time.Second)/time.Second))
	cmd := exec.CommandContext(ctx, program, "--threads", "1", "--connections", strconv.Itoa(connections),
		"--duration", strconv.Itoa(seconds)+"s", "--timeout", "10s", "--script", l.script, "http://"+address+"/", "--", l.requests)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return Result{}, fmt.Errorf("wrk: %w: %s", err, stderr.Bytes())
	}
	return parse(out, refused)
}

// parse reads the last line, which the script printed.
func parse(out []byte, refused bool) (Result, error) {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var counted struct{ Requests, Duration, P50, P99, Connect, Read, Write, Status, Timeout int }
	if err := json.Unmarshal(lines[len(lines)-1], &counted); err != nil {
		return Result{}, fmt.Errorf("what wrk printed: %w: %s", err, out)
	}
	refusals := 0 // as there must be
	if refused {
		refusals = counted.Requests
	}
	failed := counted.Connect + counted.Read + counted.Write + counted.Timeout
	if failed > 0 || counted.Status != refusals || counted.Requests == 0 {
		return Result{}, fmt.Errorf("of %d requests %d were refused, %d timed out; connections failed %d times to open, %d to read, %d to write",
			counted.Requests, counted.Status, counted.Timeout, counted.Connect, counted.Read, counted.Write)
	}
	return Result{
		PerSecond: float64(counted.Requests) / (float64(counted.Duration) / 1e6),
		P50:       time.Duration(counted.P50) * time.Microsecond,
		P99:       time.Duration(counted.P99) * time.Microsecond,
		Requests:  counted.Requests,
	}, nil
}
