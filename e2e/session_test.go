//go:build unix

package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-iam/sallyport/e2e/process"
)

// session is a program that answers lines of JSON with lines of JSON.
type session struct {
	calls   *json.Encoder
	answers *json.Decoder
	// problems is a file with what the program said of its own.
	problems string
}

// session starts a script of testdata, which ends with the test.
func (c tool) session(t testing.TB, script string, args ...string) *session {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", filepath.FromSlash(script)))
	if err != nil {
		t.Fatal(err)
	}
	cmd := c.command(t.Context(), append([]string{path}, args...)...)
	calls, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := os.CreateTemp(c.dir, "problems-")
	if err != nil {
		t.Fatal(err)
	}
	defer problems.Close()
	cmd.Stderr = problems
	s := &session{json.NewEncoder(calls), json.NewDecoder(answers), problems.Name()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		calls.Close()
		_, _ = io.Copy(io.Discard, answers)
		_ = cmd.Wait()
	})
	return s
}

// call makes a call and reads its answer.
func (s *session) call(question, answer any) error {
	err := s.calls.Encode(question)
	if err == nil {
		err = s.answers.Decode(answer)
	}
	if err != nil {
		said, _ := os.ReadFile(s.problems)
		return fmt.Errorf("the session: %w\n%s", err, said)
	}
	return nil
}

// do is a client of a script that does what it is told.
func (s *session) do(op operation, key, text string) (string, error) {
	var answer struct{ Answer, Error string }
	if err := s.call(map[string]string{"op": string(op), "key": key, "text": text}, &answer); err != nil {
		return "", err
	}
	if answer.Error != "" {
		return "", errors.New(answer.Error)
	}
	return answer.Answer, nil
}

// program runs a command-line client once.
type program func(args ...string) (stdout string, err error)

// forks runs a client written in Python, by an interpreter that has it, as
// often as is asked without loading it each time.
func (c tool) forks(t testing.TB, client string) program {
	t.Helper()
	s := c.session(t, "python/programs.py", client)
	return func(args ...string) (string, error) { return s.fork(c.dir, nil, args) }
}

// fork runs the client of a session of programs.py; with credentials it is aws-cli.
func (s *session) fork(dir string, credentials, args []string) (stdout string, err error) {
	var answer struct {
		Code           int
		Stdout, Stderr string
	}
	if err := s.call(map[string]any{"args": args, "dir": dir, "credentials": credentials}, &answer); err != nil {
		return "", err
	}
	if answer.Code != 0 {
		return "", fmt.Errorf("exit code %d: %s%s", answer.Code, answer.Stderr, answer.Stdout)
	}
	return answer.Stdout, nil
}

// interpreter is the interpreter that a script names in its first line, or ""
// if the file is no script.
func interpreter(t testing.TB, script string) string {
	t.Helper()
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text[:min(len(text), 300)]), "\n")
	path, ok := strings.CutPrefix(first, "#!")
	if !ok {
		return ""
	}
	return strings.TrimSpace(path)
}

// node installs the packages that testdata/node/package-lock.json pins and
// returns their folder.
var node = sync.OnceValues(func() (modules string, err error) {
	interpreter, err := exec.LookPath("node")
	if err != nil {
		return "", err
	}
	pins := []string{filepath.Join("testdata", "node", "package.json"), filepath.Join("testdata", "node", "package-lock.json")}
	home, err := process.Installed("node", interpreter, pins, func(home string) [][]string {
		return [][]string{
			append(append([]string{"cp"}, pins...), home),
			{"npm", "--prefix", home, "ci", "--ignore-scripts", "--no-audit", "--no-fund"},
		}
	})
	return filepath.Join(home, "node_modules"), err
})
