package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/proxy"
)

func readDocument(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// runDocument runs the commands that a document shows, at least so many, and
// compares what they print. A block whose first line names a file is written to
// that file first, a block of JSON lines to requests.jsonl. What stands before a
// pipe, "echo '…'" or a command, is the input of what stands behind it.
func runDocument(t *testing.T, document string, least int) {
	t.Helper()
	same := func(text string) string { return text }
	runDocumentAs(t, document, least, same, same)
}

// runDocumentAs is runDocument for commands that print what differs from run to run:
// shown and printed make one and the other alike.
func runDocumentAs(t *testing.T, document string, least int, shown, printed func(string) string) {
	t.Helper()
	blocks := strings.Split(readDocument(t, document), "```")
	directory, commands := t.TempDir(), 0
	for i := 1; i < len(blocks); i += 2 {
		first, text, _ := strings.Cut(blocks[i], "\n")
		language, name, _ := strings.Cut(first, " ")
		if language == "jsonl" {
			name = "requests.jsonl"
		}
		if name != "" {
			if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if language != "console" {
			continue
		}
		commands++
		command, want, _ := strings.Cut(text, "\n")
		out := new(bytes.Buffer)
		for _, command := range strings.Split(strings.TrimPrefix(command, "$ "), " | ") {
			in := out
			out = new(bytes.Buffer)
			if text, ok := strings.CutPrefix(command, "echo '"); ok {
				out.WriteString(strings.TrimSuffix(text, "'"))
				continue
			}
			args := strings.Fields(command)[1:]
			for i := range args {
				if _, err := os.Stat(filepath.Join(directory, args[i])); err == nil || strings.HasSuffix(args[i], ".yaml") {
					args[i] = filepath.Join(directory, args[i])
				}
			}
			run(args, in, out, out)
		}
		if diff := cmp.Diff(shown(want), printed(strings.ReplaceAll(out.String(), directory+"/", ""))); diff != "" {
			t.Errorf("%s: -%s +printed:\n%s", command, document, diff)
		}
	}
	if commands < least {
		t.Errorf("%s: %d commands, want %d at least", document, commands, least)
	}
}

// alike makes what is random or a time the same in every run, as long as what was
// different stays different. The results keep their lengths: tables stay aligned.
func alike() func(string) string {
	random := regexp.MustCompile(`AKIA[A-Z2-7]{16}|[A-Za-z0-9+/]{40}|\b[A-Z2-7]{32}\b|\b[0-9a-f]{8}\b`)
	moment := regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	known := map[string]string{}
	return func(text string) string {
		text = random.ReplaceAllStringFunc(text, func(value string) string {
			if known[value] == "" {
				known[value] = fmt.Sprintf("<%0*d>", len(value)-2, len(known))
			}
			return known[value]
		})
		return moment.ReplaceAllString(text, "<time>")
	}
}

// TestBundleDocument runs the commands that docs/bundle.md shows.
func TestBundleDocument(t *testing.T) {
	t.Parallel()
	runDocumentAs(t, "docs/bundle.md", 3, alike(), alike())
}

// TestSessionKeysDocument runs the commands that docs/session-keys.md shows.
func TestSessionKeysDocument(t *testing.T) {
	t.Parallel()
	runDocumentAs(t, "docs/session-keys.md", 7, alike(), alike())
}

// TestSigv4Document runs the commands that docs/sigv4.md shows.
func TestSigv4Document(t *testing.T) {
	t.Parallel()
	runDocument(t, "docs/sigv4.md", 2)
}

// TestMapDocument runs the commands that docs/map.md shows.
func TestMapDocument(t *testing.T) {
	t.Parallel()
	runDocument(t, "docs/map.md", 2)
}

// TestMetricsAreDocumented compares the metrics there are with the table of
// docs/operations.md, labels included.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	proxy.NewMetrics(registry)
	newUpstreamMetrics(registry)
	registerAudit(registry, audit.New(audit.Options{}))
	registerProcess(registry, bundle.NewManager(bundle.Options{}))
	registerObserving(registry, &config.Config{})
	registerLimiter(registry, nil)
	registry.MustRegister(cacheCollector{}, tokenCollector{})
	descriptions := make(chan *prometheus.Desc)
	go func() {
		registry.Describe(descriptions)
		close(descriptions)
	}()
	// A Desc tells its name and labels only by its text.
	shape := regexp.MustCompile(`fqName: "(sallyport_\w+)".*constLabels: \{([^}]*)\}.*variableLabels: \{([^}]*)\}`)
	var got []string
	for d := range descriptions {
		match := shape.FindStringSubmatch(d.String())
		if match == nil {
			continue // of the runtime or the process
		}
		var labels []string
		for label := range strings.SplitSeq(match[2], ",") {
			if name, _, ok := strings.Cut(label, "="); ok {
				labels = append(labels, "`"+name+"`")
			}
		}
		for label := range strings.SplitSeq(match[3], ",") {
			if label != "" {
				labels = append(labels, "`"+label+"`")
			}
		}
		got = append(got, "| `"+match[1]+"` | "+strings.Join(labels, ", "))
	}
	row := regexp.MustCompile("(?m)^(\\| `sallyport_\\w+` \\| [^|]*?) *\\|")
	var want []string
	for _, match := range row.FindAllStringSubmatch(readDocument(t, "docs/operations.md"), -1) {
		want = append(want, strings.TrimSuffix(match[1], " ")+" ")
	}
	for i := range got {
		got[i] = strings.TrimSuffix(got[i], " ") + " "
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-docs/operations.md +registered:\n%s", diff)
	}
}

// TestOperationsAreKnown compares the operations that a configuration may name
// with those that the mapper serves, and the lists of docs/operations.md with
// the mapper's core.
func TestOperationsAreKnown(t *testing.T) {
	t.Parallel()
	var served, core []string
	for _, o := range s3.Operations() {
		if o.Refused == "" {
			served = append(served, o.Name)
		}
		if o.Core {
			core = append(core, o.Name)
		}
	}
	slices.Sort(served)
	if diff := cmp.Diff(served, config.Operations); diff != "" {
		t.Errorf("-action/s3 +config:\n%s", diff)
	}
	_, text, found := strings.Cut(readDocument(t, "docs/operations.md"), "`core` is ")
	text, _, closed := strings.Cut(text, ".\n")
	if !found || !closed {
		t.Fatal("docs/operations.md does not tell what core is")
	}
	var documented []string
	for _, match := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(text, -1) {
		documented = append(documented, match[1])
	}
	slices.Sort(documented)
	slices.Sort(core)
	if diff := cmp.Diff(core, documented); diff != "" {
		t.Errorf("-action/s3 +docs/operations.md:\n%s", diff)
	}
}

// TestReadmeConfiguration checks the configuration that the README shows.
func TestReadmeConfiguration(t *testing.T) {
	t.Parallel()
	_, text, found := strings.Cut(readDocument(t, "README.md"), "```yaml\n")
	text, _, closed := strings.Cut(text, "```")
	if !found || !closed {
		t.Fatal("README.md shows no configuration")
	}
	set := func(string) (string, bool) { return "EXAMPLE", true }
	if _, err := config.Parse("README.md", []byte(text), set); err != nil {
		t.Error(err)
	}
}

// TestQuickstartConfiguration checks the example's configuration file.
func TestQuickstartConfiguration(t *testing.T) {
	t.Parallel()
	environment := map[string]string{
		"SALLYPORT_LISTEN":        "127.0.0.1:9000",
		"SALLYPORT_ADMIN_LISTEN":  "127.0.0.1:9901",
		"STORE_ENDPOINT":          "http://127.0.0.1:7070",
		"STORE_ACCESS_KEY_ID":     "AKIAIOSFODNN7EXAMPLE",
		"STORE_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	}
	lookup := func(name string) (string, bool) {
		value, ok := environment[name]
		return value, ok
	}
	if _, err := config.Load("../../examples/quickstart/sallyport.yaml", lookup); err != nil {
		t.Error(err)
	}
}

// TestFederationDocument: the files of a bundle that docs/federation.md shows are a
// bundle without findings, but for what the roles may.
func TestFederationDocument(t *testing.T) {
	t.Parallel()
	directory, written := t.TempDir(), 0
	write := func(name, text string) {
		path := filepath.Join(directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("bundle.yaml", "accounts: {\"111122223333\": {}}\nbuckets: [{name: \"*\", account: \"111122223333\"}]\n")
	blocks := strings.Split(readDocument(t, "docs/federation.md"), "```")
	for i := 1; i < len(blocks); i += 2 {
		first, text, _ := strings.Cut(blocks[i], "\n")
		_, name, named := strings.Cut(first, " ")
		if !named {
			continue
		}
		written++
		write(name, text)
		if role, ok := strings.CutSuffix(name, ".trust.json"); ok {
			write(role+".yaml", fmt.Sprintf("id: AROAEXAMPLE%010d\n", written))
		}
	}
	if written < 6 {
		t.Fatalf("docs/federation.md shows %d files", written)
	}
	var out bytes.Buffer
	if code := run([]string{"bundle", "check", directory, "--sessions", sessionKeyFile(t)}, nil, &out, &out); code != 0 || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("exit code %d: %s", code, out.String())
	}
}

// TestFederationExamples: the bundles and configurations of the examples that
// federate hold together.
func TestFederationExamples(t *testing.T) {
	t.Parallel()
	keys := sessionKeyFile(t)
	set := func(string) (string, bool) { return "127.0.0.1:9", true }
	for _, name := range []string{"kubernetes", "identity-broker"} {
		var out bytes.Buffer
		if code := run([]string{"bundle", "check", examples + "/" + name + "/bundle", "--sessions", keys}, nil, &out, &out); code != 0 || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%s: exit code %d: %s", name, code, out.String())
		}
		text := strings.ReplaceAll(readDocument(t, "examples/"+name+"/sallyport.yaml"), "${STORE_ENDPOINT}", "http://127.0.0.1:7070")
		text = strings.ReplaceAll(text, "${SALLYPORT_ADMIN_LISTEN}", "127.0.0.1:10")
		if _, err := config.Parse(name, []byte(text), set); err != nil {
			t.Error(err)
		}
	}
}

// sessionKeyFile makes one.
func sessionKeyFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sessions.yaml")
	if err := bundle.CreateSessionKeys(file, time.Now()); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestCredentialsDocument: the flags that docs/credentials.md names are there.
func TestCredentialsDocument(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"--help": true}
	parser, err := kong.New(&CLI{}, kong.Name("sallyport"))
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range parser.Model.Leaves(false) {
		if node.Parent.Name == "credentials" {
			for _, flag := range node.Flags {
				known["--"+flag.Name] = true
			}
		}
	}
	found := regexp.MustCompile(`--[a-z][a-z-]+`).FindAllString(readDocument(t, "docs/credentials.md"), -1)
	if len(found) < 10 {
		t.Fatalf("docs/credentials.md names %q", found)
	}
	for _, flag := range found {
		if !known[flag] {
			t.Errorf("docs/credentials.md names %s", flag)
		}
	}
}
