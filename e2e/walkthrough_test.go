//go:build unix

package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// TestWalkthroughs runs the commands that examples show, and compares what they
// print.
func TestWalkthroughs(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	for _, name := range []string{"kubernetes", "identity-broker"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walk(t, name)
		})
	}
}

// walk runs the commands of an example's README, those of its console blocks, as
// one shell does.
func walk(t *testing.T, name string) {
	directory := filepath.Join(t.TempDir(), name)
	if _, err := sallyport.NewSite(shared.binary, filepath.Join("..", "examples", name), directory); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(directory, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	addresses := map[string]string{}
	for _, written := range []string{"127.0.0.1:9000", "127.0.0.1:9901", "127.0.0.1:8099"} {
		if addresses[written], err = process.FreeAddress(); err != nil {
			t.Fatal(err)
		}
	}
	module, err := process.Module()
	if err != nil {
		t.Fatal(err)
	}
	replacer := []string{"../../e2e", module, "serve 8099", "serve " + strings.TrimPrefix(addresses["127.0.0.1:8099"], "127.0.0.1:")}
	for written, address := range addresses {
		replacer = append(replacer, written, address)
	}
	steps := commands(strings.NewReplacer(replacer...).Replace(string(text)))
	if len(steps) < 5 {
		t.Fatalf("%d commands", len(steps))
	}
	var script strings.Builder
	script.WriteString("trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n")
	for i, s := range steps {
		// What goes on beside prints elsewhere.
		if beside, ok := strings.CutSuffix(s.command, "&"); ok {
			fmt.Fprintf(&script, "%s >>beside.log 2>&1 &\n", beside)
		} else {
			fmt.Fprintln(&script, s.command)
		}
		switch {
		case strings.HasPrefix(s.command, "sallyport serve"):
			fmt.Fprintf(&script, "until curl -sf http://%s/readyz >/dev/null; do kill -0 $! || exit 1; sleep 0.05; done\n", addresses["127.0.0.1:9901"])
		case strings.HasSuffix(s.command, "&"):
			fmt.Fprintf(&script, "until curl -s http://%s >/dev/null; do kill -0 $! || exit 1; sleep 0.05; done\n", addresses["127.0.0.1:8099"])
		}
		fmt.Fprintf(&script, "echo; echo \"@%d $?\"\n", i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script.String())
	cmd.Dir = directory
	// The end of the test ends what the shell started, too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = []string{
		"PATH=" + strings.Join([]string{filepath.Dir(shared.binary), filepath.Dir(pythonTool(t, "python3")), os.Getenv("PATH")}, string(os.PathListSeparator)),
		"HOME=" + directory, "LANG=C.UTF-8", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
		"GOCACHE=" + goEnv(t, "GOCACHE"), "GOMODCACHE=" + goEnv(t, "GOMODCACHE"), "GOCOVERDIR=" + os.Getenv("GOCOVERDIR"),
		"STORE_ENDPOINT=" + shared.store.Endpoint, "STORE_ACCESS_KEY_ID=" + store.AccessKeyID, "STORE_SECRET_ACCESS_KEY=" + store.SecretAccessKey,
		"SALLYPORT_LISTEN=" + addresses["127.0.0.1:9000"], "SALLYPORT_ADMIN_LISTEN=" + addresses["127.0.0.1:9901"],
	}
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		t.Errorf("the shell: %v", err)
	}
	printed := "\n" + out.String()
	for i, s := range steps {
		got, rest, found := strings.Cut(printed, fmt.Sprintf("\n@%d ", i))
		if !found {
			t.Errorf("$ %s\nwas not reached\n%s", s.command, problems.String())
			break
		}
		code, rest, _ := strings.Cut(rest, "\n")
		printed = "\n" + rest
		if code != "0" {
			t.Errorf("$ %s\nexit code %s\n%s", s.command, code, problems.String())
		}
		if got = strings.TrimSpace(got); s.prints != "" && got != s.prints {
			t.Errorf("$ %s\nprinted\n%s\nand the README says\n%s", s.command, got, s.prints)
		}
	}
}

// step is a command and what it prints; empty where that is not shown.
type step struct{ command, prints string }

// commands are the commands of a text's console blocks.
func commands(text string) []step {
	var steps []step
	blocks := strings.Split(text, "```")
	for i := 1; i < len(blocks); i += 2 {
		body, console := strings.CutPrefix(blocks[i], "console\n")
		if !console {
			continue
		}
		for line := range strings.Lines(body) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, step{command: strings.TrimSpace(command)})
				continue
			}
			last := &steps[len(steps)-1]
			last.prints = strings.TrimSpace(last.prints + "\n" + strings.TrimSpace(line))
		}
	}
	return steps
}

func goEnv(t testing.TB, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
