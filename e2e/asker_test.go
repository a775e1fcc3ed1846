//go:build unix

package e2e_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// asking is a proxy that asks Sallyport over HTTP, as the folder of examples of
// its name configures it.
type asking struct {
	// file is its configuration, more another part of it, and command how it is run
	// with the first.
	file, more string
	command    func(t testing.TB, file, dir string) (binary string, args []string)
	// presigns: it can be told another query than the client's; bodies: it sends
	// those along that are decided from; normalizes: it writes the escapes of a path
	// in capitals, for Sallyport and for the store.
	presigns, bodies, normalizes bool
	// most is the size of the greatest body that it forwards, in bytes; 0 is any. Of
	// such a proxy no empty body is known.
	most int
	// unreachable is the status while Sallyport does not answer.
	unreachable int
}

var askers = map[string]asking{
	"nginx": {
		file: "nginx.conf", presigns: true, unreachable: http.StatusInternalServerError,
		command: func(t testing.TB, file, dir string) (string, []string) {
			binary, err := lookPath("nginx", "/usr/sbin/nginx")
			if err != nil {
				skip(t, "no nginx (Debian: apt-get install nginx-light): "+err.Error())
			}
			return binary, []string{"-p", dir, "-c", file, "-e", "stderr", "-g", "daemon off; pid " + filepath.Join(dir, "nginx.pid") + ";"}
		},
	},
	"caddy": {
		file: "Caddyfile", unreachable: http.StatusBadGateway,
		command: func(t testing.TB, file, _ string) (string, []string) {
			binary, err := caddyBinary()
			if err != nil {
				skip(t, "no Caddy: "+err.Error())
			}
			return binary, []string{"run", "--config", file, "--adapter", "caddyfile"}
		},
	},
	"traefik": {
		file: "traefik.yaml", more: "dynamic.yaml", bodies: true, normalizes: true, most: 8 << 20, unreachable: http.StatusInternalServerError,
		command: func(t testing.TB, file, _ string) (string, []string) {
			binary, err := traefikProgram()
			if err != nil {
				skip(t, "no Traefik: "+err.Error())
			}
			return binary, []string{"--configfile", file}
		},
	},
	"envoy-http": {
		file: "envoy.yaml", bodies: true, unreachable: http.StatusServiceUnavailable,
		command: func(t testing.TB, file, _ string) (string, []string) {
			binary, err := envoyProgram()
			if err != nil {
				skip(t, "no Envoy: "+err.Error())
			}
			return binary, []string{"--config-path", file, "--disable-hot-restart", "--concurrency", "2", "--log-level", "warn"}
		},
	},
}

// traefikProgram is the Traefik of SALLYPORT_E2E_TRAEFIK, of PATH, or the pinned
// one.
var traefikProgram = sync.OnceValues(func() (path string, err error) { return process.Packaged("traefik") })

// caddyBinary builds Caddy at the version that testdata/caddy pins.
var caddyBinary = sync.OnceValues(func() (path string, err error) {
	home, err := process.Module()
	if err != nil {
		return "", err
	}
	return process.Build(context.Background(), process.NewProgress(os.Stderr),
		process.Binary{Name: "caddy", Module: filepath.Join(home, "testdata", "caddy"), Package: "."})
})

// lookPath is the first of these programs that is there.
func lookPath(candidates ...string) (path string, err error) {
	for _, candidate := range candidates {
		if path, err = exec.LookPath(candidate); err == nil {
			return path, nil
		}
	}
	return "", err
}

// asker is a running proxy that asks, and the Sallyport that it asks.
type asker struct {
	asking
	*instance
	endpoint string
}

// edit is another text in the place of one of an example's.
type edit struct{ text, instead string }

// at is the proxy's endpoint as user.
func (a *asker) at(user string) place { return place{a.endpoint, shared.keys[user]} }

// example is a file of an example with other texts in the place of some.
func example(t testing.TB, name, file string, replace ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "examples", name, file))
	if err != nil {
		t.Fatal(err)
	}
	out := string(text)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(out, replace[i]) {
			t.Fatalf("examples/%s/%s does not have %q", name, file, replace[i])
		}
		out = strings.ReplaceAll(out, replace[i], replace[i+1])
	}
	return out
}

// startAsker starts both before a store; further keys of the upstream may be given.
func startAsker(t testing.TB, name string, up sallyport.Upstream, keys ...string) *asker {
	t.Helper()
	return startEdited(t, name, nil, up, keys...)
}

// startEdited is startAsker with edits of the proxy's configuration, which are
// made in the last of its files.
func startEdited(t testing.TB, name string, edits []edit, up sallyport.Upstream, keys ...string) *asker {
	t.Helper()
	return startFurther(t, name, edits, up, func(*sallyport.Site) {}, "", keys...)
}

// startFurther is startEdited with a change of the site and more of its
// configuration.
func startFurther(t testing.TB, name string, edits []edit, up sallyport.Upstream, change func(*sallyport.Site), further string, keys ...string) *asker {
	t.Helper()
	needsSallyport(t)
	a := &asker{asking: askers[name]}
	a.command(t, "", "") // is it there?
	a.instance = serve(t, "forward.yaml", up, func(site *sallyport.Site) {
		config := example(t, name, "sallyport.yaml", "127.0.0.1:9192", `"${SALLYPORT_LISTEN}"`, "../quickstart/bundle", "bundle",
			"http://127.0.0.1:7070", strings.Join(append([]string{`"${STORE_ENDPOINT}"`}, keys...), "\n    ")) +
			"admin: {listen: \"${SALLYPORT_ADMIN_LISTEN}\"}\ntimeouts: {drain_delay: 0s}\n" + further
		change(site)
		if slices.Contains(keys, "signing: identity") {
			config = regexp.MustCompile(`(?m)^    # The store's own keys.*\n    credentials:\n(      .*\n)+`).ReplaceAllString(config, "")
		}
		if err := os.WriteFile(site.Path("forward.yaml"), []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	address, err := process.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	a.endpoint = "http://" + address
	storeAddress := strings.TrimPrefix(up.Endpoint, "http://")
	replace := []string{":10000", address[strings.LastIndexByte(address, ':'):], "127.0.0.1:7070", storeAddress, "127.0.0.1:9192", a.Address}
	if name == "envoy-http" {
		socket := func(address string) string {
			host, port, _ := strings.Cut(address, ":")
			return "{address: " + host + ", port_value: " + port + "}"
		}
		replace = []string{
			socket("127.0.0.1:10000"), socket(address), socket("127.0.0.1:7070"), socket(storeAddress),
			socket("127.0.0.1:9192"), socket(a.Address), `"127.0.0.1:7070"`, `"` + storeAddress + `"`,
			"timeout: 0.25s", "timeout: 10s", // a loaded machine is no finding
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, a.file)
	for _, e := range edits {
		replace = append(replace, e.text, e.instead)
	}
	parts := map[string]string{}
	if a.more == "" {
		parts[a.file] = example(t, name, a.file, replace...)
	} else {
		parts[a.file], parts[a.more] = example(t, name, a.file, replace[:2]...), example(t, name, a.more, replace[2:]...)
	}
	for part, text := range parts {
		if err := os.WriteFile(filepath.Join(dir, part), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	binary, args := a.command(t, file, dir)
	p, err := process.Start(process.Spec{Path: binary, Args: args, Dir: dir, Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, Output: output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s's last words:\n%s", name, p.Tail())
		}
	})
	a.await(t, p)
	return a
}

// await waits until the proxy answers with a denial of Sallyport's.
func (a *asker) await(t testing.TB, p *process.Process) {
	t.Helper()
	ctx := within(t, time.Minute)
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.endpoint+"/ready", nil)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := http.DefaultClient.Do(req); err == nil {
			response.Body.Close()
			if response.Header.Get("x-sallyport-revision") != "" {
				return
			}
		}
		select {
		case <-p.Done():
			t.Fatalf("the proxy ended: %s", p.Ending())
		case <-ctx.Done():
			t.Fatal("the proxy and Sallyport were not ready in time")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
