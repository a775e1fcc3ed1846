package bundle

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/zap"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// IsPrivate is isPrivate.
var IsPrivate = isPrivate

// ParseFile reads the text of one file of a bundle that is at a path, and tells
// whether the path has a place in the layout.
func ParseFile(path string, source []byte) ([]policy.Finding, bool) {
	p, bad := locate(path)
	if bad != nil {
		return []policy.Finding{bad.finding()}, false
	}
	switch p.kind {
	case settingsFile:
		_, findings := parseSettings(path, source)
		return findings, true
	case entityFile:
		_, findings := parseEntity(p, path, source)
		return findings, true
	case providerFile:
		e, findings := parseProvider(path, source)
		if !policy.HasErrors(findings) {
			// What is right here is right for those who verify with it.
			for _, problem := range e.provider("111122223333", nil).OIDC.Check() {
				findings = append(findings, policy.Finding{Message: problem.Text})
			}
		}
		return findings, true
	}
	return nil, true
}

// ParseKeys reads the text of a key file.
func ParseKeys(source []byte) (keys, devices int, findings []policy.Finding) {
	list, findings := (&keySource{path: "keys.yaml", text: source}).parseList()
	return len(list.entries), len(list.devices), findings
}

// AppendKey adds a key to the text of a key file; ok is false if it cannot.
func AppendKey(source []byte) (after []byte, ok bool) {
	k := &keySource{path: "keys.yaml", text: source}
	list, findings := k.parseList()
	if policy.HasErrors(findings) || list.takes("keys.yaml", "111122223333", "fuzz") != nil {
		return nil, false
	}
	return list.keysAt.with(source, "keys", keyLines(Key{AccessKeyID: newAccessKeyID(), Account: "111122223333", User: "fuzz", Status: Active}, newSecret())), true
}

// AppendDevice adds an MFA device to the text of a key file; ok is false if it
// cannot.
func AppendDevice(source []byte) (after []byte, ok bool) {
	list, findings := (&keySource{path: "keys.yaml", text: source}).parseList()
	if policy.HasErrors(findings) || list.devicesAt.takes("keys.yaml", "serial") != nil {
		return nil, false
	}
	return list.devicesAt.with(source, "mfa_devices", []string{
		`serial: "arn:aws:iam::111122223333:mfa/fuzz"`, `account: "111122223333"`, "user: fuzz", "seed: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
	}), true
}

// ParseSessionKeys reads the text of a session key file, and writes it again.
func ParseSessionKeys(source []byte) (keys []SessionKey, again []byte, findings []policy.Finding) {
	f, findings := (&keySource{path: "sessions.yaml", text: source}).parseSessionKeys()
	if f == nil {
		return nil, nil, findings
	}
	f.sessionKeys()
	return f.listed(), f.text(), findings
}

// The bounds of a bundle's files.
const MaxFile, MaxTotal = maxFile, maxTotal

// EditDistance and Nearest look for what was meant.
var (
	EditDistance = editDistance
	Nearest      = nearest
)

// Reading reads what a manager would, and tells its fingerprint and whether nothing
// has changed since a moment.
func Reading(o Options, since time.Time, texts bool) (state [sha256.Size]byte, quiet bool) {
	in := readInput(context.Background(), &o, texts)
	return in.fingerprint(), in.quiet(since)
}

// Loader makes snapshots of one reading after the other, as a Manager does.
type Loader struct{ *loader }

// Input is one reading.
type Input = input

// NewLoader makes a Loader that remembers nothing yet.
func NewLoader(o Options) Loader {
	o = o.withDefaults()
	return Loader{&loader{opts: &o}}
}

// Read reads everything.
func (l Loader) Read() *Input { return readInput(context.Background(), l.opts, true) }

// Build makes a snapshot of a reading.
func (l Loader) Build(in *Input) (*Snapshot, []policy.Finding) { return l.build(in) }

// InputOf is a reading of texts, by their paths in the bundle, and of key files; the
// session key file is empty if there is none.
func InputOf(texts map[string]string, keys []string, sessions string) *Input {
	in := &input{tree: &tree{}}
	for _, path := range keysOf(texts) {
		text := []byte(texts[path])
		in.tree.files = append(in.tree.files, file{path: path, text: text, digest: sha256.Sum256(text)})
	}
	for i, text := range keys {
		in.keys = append(in.keys, &keySource{path: fmt.Sprintf("keys%d.yaml", i), text: []byte(text)})
	}
	if sessions != "" {
		in.sessions = &keySource{path: "sessions.yaml", text: []byte(sessions)}
	}
	return in
}

// Remembered counts what a Loader keeps for the next build.
func (l Loader) Remembered() int {
	m := &l.made
	return m.files.size() + m.lists.size() + m.library.Size() + m.users.size() + m.roles.size() + m.buckets.size() + m.judged.size()
}

// Rereader reads one directory again and again, as a Manager does.
type Rereader struct{ reader }

// NewRereader makes one by whose clock, which the test may set, it is a time later
// than it is, and some time has passed.
func NewRereader(o Options, later, passed *time.Duration) *Rereader {
	r := &Rereader{reader{opts: &o}}
	start := time.Now().Round(0)
	r.memory.clock = func() (time.Time, time.Duration) { return start.Add(*later), *passed }
	return r
}

// Told has the next readings look only where directories below the bundle's have
// changed, unless they see more; nil has them look everywhere.
func (r *Rereader) Told(directories []string) {
	r.memory.told = nil
	if directories != nil {
		r.memory.told = map[string]bool{}
	}
	for _, d := range directories {
		r.memory.told[filepath.Join(r.memory.real, d)] = true
	}
}

// Read reads, and tells the state of everything and which files were opened.
func (r *Rereader) Read() (state [sha256.Size]byte, opened []string) {
	in := r.read(context.Background(), noTexts)
	var look func(*folder)
	look = func(f *folder) {
		for _, e := range f.entries {
			if e.folder != nil {
				look(e.folder)
			}
			if e.kind == 0 && e.reading == r.memory.reading {
				opened = append(opened, e.path)
			}
		}
	}
	if r.memory.top != nil {
		look(r.memory.top)
	}
	return in.fingerprint(), opened
}

// Remember has a manager take for old what was just written, as far as the rule goes
// that what was written lately is read again.
func (m *Manager) Remember() {
	m.reader.memory.clock = func() (time.Time, time.Duration) { return time.Now().Round(0).Add(time.Hour), time.Since(started) }
}

// RememberAfter has a manager take for old what was written some time before, which is
// to be longer than a tick of the file system's clock.
func (m *Manager) RememberAfter(d time.Duration) {
	m.reader.memory.clock = func() (time.Time, time.Duration) { return time.Now().Round(0).Add(racy - d), time.Since(started) }
}

// Sleep has a manager find after each part of its work that it is time to sleep, and
// sleep so.
func (m *Manager) Sleep(sleep func(context.Context)) {
	now := time.Now()
	m.pace.now = func() time.Time { now = now.Add(slice); return now }
	m.pace.sleep = func(ctx context.Context, _ time.Duration) { sleep(ctx) }
}

// Disbelieve has a manager read everything at each poll, whatever the file system tells.
func (m *Manager) Disbelieve() { m.believe = 0 }

// RestOnce has a manager rest once as soon as it may, for some time, and tell of it.
func (m *Manager) RestOnce(d time.Duration, rests func()) {
	start := time.Now()
	now := start
	m.pace.now = func() time.Time {
		now = now.Add(slice)
		return now.Add(time.Since(start))
	}
	var once sync.Once
	m.pace.sleep = func(context.Context, time.Duration) { once.Do(func() { time.Sleep(d); rests() }) }
}

// The pace of work, and a pace that a test steps through.
const (
	Slice, Rests, Longest = slice, rests, longest
	Late, Longer, Lately  = late, longer, lately
	Prompt                = prompt
	Patience, Stretch     = patience, stretch
)

// Pace is a pace by a clock of the test.
type Pace struct{ *pace }

// NewPace makes one that sleeps by sleeping and yields by yielding.
func NewPace(ctx context.Context, free, collecting bool, now func() time.Time, sleeping func(time.Duration), yielding func()) Pace {
	p := newPace()
	p.yield = yielding
	p.collecting = func() bool { return collecting }
	p.now, p.sleep = now, func(_ context.Context, d time.Duration) { sleeping(d) }
	p.begin(ctx, free, false)
	return Pace{p}
}

// Begin begins the work for another change, or once more for the same.
func (p Pace) Begin(ctx context.Context, again bool) { p.begin(ctx, p.free, again) }

// Serve tells of a request, Step is called between parts of the work.
func (p Pace) Serve()      { p.serve() }
func (p Pace) Step() error { return p.step() }

// TellsChanges tells whether a directory is on a file system that is trusted to tell.
func TellsChanges(directory string) bool {
	root, err := os.OpenRoot(directory)
	if err != nil {
		return false
	}
	defer func() { _ = root.Close() }()
	return tellsChanges(root)
}

// ChangedSince tells whether a file has another stamp than it had.
func ChangedSince(path string, before os.FileInfo) bool {
	now, err := os.Stat(path)
	old, _ := stampOf(before)
	s, ok := stampOf(now)
	return err == nil && ok && s != old
}

// Collector tells when garbage is being collected, by what the test says.
type Collector struct{ collector }

// At tells it of bytes in use after the last collection, of the goal, of all that was
// ever allocated and of how often garbage was collected.
func (c *Collector) At(live, goal, allocated, cycles uint64) bool {
	return c.at(live, goal, allocated, cycles)
}

// PollAfter is the time between readings of which the last took some time, in a
// directory whose changes the file system tells of, or whose state.
func PollAfter(o Options, cost time.Duration, watched, trusted bool) time.Duration {
	m := &Manager{opts: o, cost: cost, reader: reader{untold: !trusted}}
	return m.poll(&watcher{notify: new(fsnotify.Watcher), reported: !watched})
}

// Watcher watches one directory.
type Watcher struct{ *watcher }

// NewWatcher makes one, until the test ends.
func NewWatcher(t testing.TB) Watcher {
	w := Watcher{newWatcher(zap.NewNop(), newPace())}
	t.Cleanup(w.close)
	return w
}

// Watch watches a directory, and tells whether it was not watched before, or may not
// have been.
func (w Watcher) Watch(at string) (grown bool) {
	info, err := os.Stat(at)
	return err == nil && w.watch([]directory{{at, info}}, nil)
}

// End ends the watch of a directory so as it does with a file system that is unmounted.
func (w Watcher) End(at string) { _ = w.notify.Remove(at) }

// Overflow has events missing.
func (w Watcher) Overflow() { w.lose(fsnotify.ErrEventOverflow) }
