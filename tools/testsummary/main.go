// Command testsummary runs "go test" in one module after another and ends with
// what a reader wants to know: which tests failed, which were skipped and why,
// and how many there were.
//
//	testsummary [-C directory] [go test flags] MODULE...
//
// Each MODULE is a directory below -C; everything that begins with - is given
// to "go test". The exit code is 1 if a test failed or a package did not build.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	code, err := run(os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
	}
	os.Exit(code)
}

// command is what was asked for.
type command struct {
	root    string
	flags   []string
	modules []string
}

func parse(args []string) (command, error) {
	c := command{root: "."}
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-C" && i+1 < len(args):
			i++
			c.root = args[i]
		case strings.HasPrefix(args[i], "-"):
			c.flags = append(c.flags, args[i])
		default:
			c.modules = append(c.modules, args[i])
		}
	}
	if len(c.modules) == 0 {
		return c, errors.New("no module is named: testsummary [-C directory] [go test flags] MODULE")
	}
	return c, nil
}

func run(args []string, out, errOut io.Writer) (int, error) {
	c, err := parse(args)
	if err != nil {
		return 2, err
	}
	s := newSummary(out)
	for _, module := range c.modules {
		fmt.Fprintf(out, "== module %s\n", module)
		if err := test(filepath.Join(c.root, module), c.flags, s, errOut); err != nil {
			return 1, err
		}
	}
	s.print()
	if s.failed() {
		return 1, nil
	}
	return 0, nil
}

// test runs the tests of one module. A failure that no event told, such as a
// module that cannot be loaded, is recorded as one.
func test(directory string, flags []string, s *summary, errOut io.Writer) error {
	cmd := exec.Command("go", append(append([]string{"test", "-json"}, flags...), "./...")...)
	cmd.Dir = directory
	var stderr bytes.Buffer
	cmd.Stderr = io.MultiWriter(errOut, &stderr)
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	before := len(s.failures)
	readErr := s.read(events)
	err = cmd.Wait()
	if readErr != nil {
		return readErr
	}
	if err != nil && len(s.failures) == before {
		s.failures = append(s.failures, fmt.Sprintf("module %s: %v %s", directory, err, strings.TrimSpace(stderr.String())))
	}
	return nil
}
