package main

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
)

// The command line is tested by scripts: testdata/*.txtar.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sallyport": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
		},
	})
}

// exits is a command for scripts, "exits CODE PROGRAM ARGUMENT...": like exec,
// for a program that must end with the exit code.
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// TestEveryCommandHasHelp walks the command line: each command has a sentence
// and an example.
func TestEveryCommandHasHelp(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&CLI{}, kong.Name("sallyport"))
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range parser.Model.Leaves(false) {
		if !strings.HasSuffix(node.Help, ".") {
			t.Errorf("%s: the help %q is no sentence", node.Path(), node.Help)
		}
		command := strings.Join(append([]string{"sallyport"}, verbs(node)...), " ")
		_, example, found := strings.Cut(node.Detail, "Example:\n")
		if !found || !strings.HasPrefix(strings.TrimSpace(example), command) {
			t.Errorf("%s: the detailed help has no example that begins %q", node.Path(), command)
		}
		for _, flag := range node.Flags {
			if flag.Name != "help" && !strings.HasSuffix(flag.Help, ".") {
				t.Errorf("%s --%s: the help %q is no sentence", node.Path(), flag.Name, flag.Help)
			}
		}
		for _, argument := range node.Positional {
			if !strings.HasSuffix(argument.Help, ".") {
				t.Errorf("%s <%s>: the help %q is no sentence", node.Path(), argument.Name, argument.Help)
			}
		}
	}
}

// verbs are the names of the commands down to a node.
func verbs(node *kong.Node) []string {
	var names []string
	for ; node != nil && node.Type == kong.CommandNode; node = node.Parent {
		names = append(names, node.Name)
	}
	slices.Reverse(names)
	return names
}
