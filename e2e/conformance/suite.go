//go:build unix

package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// Verdicts are what the suite says of its tests by name: empty for one that
// passed, else how it failed.
type Verdicts map[string]string

// Suite is the suite, and where it sends its requests.
type Suite struct {
	// Binary is the versitygw program, in a folder of its name.
	Binary   string
	Endpoint string
	Key      sallyport.Key
	// Clear removes the buckets behind the endpoint: each start of the suite uses
	// the same names again.
	Clear func() error
}

// Run runs tests: "full-flow" with its flags, or one by its name.
func (s *Suite) Run(ctx context.Context, tests ...string) (Verdicts, error) {
	var said transcript
	args := append([]string{"test", "--access", s.Key.AccessKeyID, "--secret", s.Key.SecretAccessKey, "--endpoint", s.Endpoint}, tests...)
	p, err := process.Start(process.Spec{
		Path: s.Binary, Args: args,
		// It calls itself as ./versitygw.
		Dir: filepath.Dir(s.Binary),
		// Nothing of the user's settings for AWS.
		Env:    []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(s.Binary)},
		Output: &said,
	})
	if err != nil {
		return nil, err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Kill()
		return nil, ctx.Err()
	}
	verdicts, err := said.verdicts(len(tests) > 0 && tests[0] == "full-flow")
	if err != nil {
		return nil, fmt.Errorf("the suite at %s: %w; it ended with %s", s.Endpoint, err, p.Ending())
	}
	return verdicts, nil
}

// transcript is what the suite prints.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(b)
}

// marks are the beginnings of what the suite says of a test. They may stand
// within a line, behind what another test says.
var (
	marks  = regexp.MustCompile("\x1b\\[3[0-9]m(RUN |PASS|FAIL|SKIP) \x1b\\[0m([A-Za-z0-9_]+)")
	counts = regexp.MustCompile("RAN: ([0-9]+) PASS: ([0-9]+) FAIL: ([0-9]+) SKIP: ([0-9]+)")
)

// verdicts reads what the suite says. A whole run ends with counts, which must be
// those of what was read.
func (t *transcript) verdicts(whole bool) (Verdicts, error) {
	t.mu.Lock()
	text := t.text.String()
	t.mu.Unlock()
	found := marks.FindAllStringSubmatchIndex(text, -1)
	verdicts := Verdicts{}
	// Several tests may have one name; then all must pass.
	passed, ran := map[string]int{}, map[string]int{}
	read := map[string]int{}
	for i, m := range found {
		end := len(text)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		kind, name := text[m[2]:m[3]], text[m[4]:m[5]]
		read[kind]++
		switch {
		case kind == "RUN ":
			ran[name]++
		case ran[name] == 0:
			return nil, fmt.Errorf("%s has a verdict and did not run", name)
		case kind == "PASS":
			passed[name]++
		default: // what is skipped did not pass
			how, _, _ := strings.Cut(text[m[5]:end], "\n")
			verdicts[name] = strings.TrimPrefix(how, ": ")
		}
	}
	for name, n := range ran {
		if verdicts[name] == "" && passed[name] < n {
			verdicts[name] = "it has no verdict"
		} else if passed[name] == n {
			verdicts[name] = ""
		}
	}
	if len(verdicts) == 0 {
		return nil, errors.New("it ran no test")
	}
	if !whole {
		return verdicts, nil
	}
	c := counts.FindStringSubmatch(text)
	if c == nil {
		return nil, errors.New("it did not come to its end")
	}
	for i, kind := range []string{"RUN ", "PASS", "FAIL", "SKIP"} {
		if n, err := strconv.Atoi(c[i+1]); err != nil || n != read[kind] {
			return nil, fmt.Errorf("it counts %s %ss, and %d were read", c[i+1], strings.TrimSpace(kind), read[kind])
		}
	}
	return verdicts, nil
}
