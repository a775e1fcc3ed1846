package bundle_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sallyport-iam/sallyport/bundle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a change may take on a slow machine. No test waits for it
// unless it fails.
const patience = 20 * time.Second

// site is a directory with a bundle and keys, and the manager that watches it.
type site struct {
	testing.TB
	directory string
	*bundle.Manager
	activations chan bundle.Status
	stop        func()
}

// watch writes files into a new directory and runs a manager on it. Polling is
// off, so that what is noticed is noticed by watching.
func watch(t testing.TB, f files, change ...func(*bundle.Options)) *site {
	t.Helper()
	directory := t.TempDir()
	f.write(t, directory)
	o := options(t, directory)
	o.Poll = time.Hour
	for _, c := range change {
		c(&o)
	}
	return run(t, directory, o)
}

// watchOld is watch, of a manager that takes what was just written for old enough not
// to be read again.
func watchOld(t testing.TB, f files) *site {
	t.Helper()
	directory := t.TempDir()
	f.write(t, directory)
	o := options(t, directory)
	o.Poll = time.Hour
	return run(t, directory, o, (*bundle.Manager).Remember)
}

// run runs a manager until the test ends.
func run(t testing.TB, directory string, o bundle.Options, prepare ...func(*bundle.Manager)) *site {
	t.Helper()
	s := &site{TB: t, directory: directory, activations: make(chan bundle.Status, 100)}
	o.OnActivation = func(status bundle.Status) { s.activations <- status }
	s.Manager = bundle.NewManager(o)
	for _, p := range prepare {
		p(s.Manager)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run does not end")
		}
	})
	t.Cleanup(s.stop)
	return s
}

// path is a file of the site.
func (s *site) path(name string) string { return filepath.Join(s.directory, filepath.FromSlash(name)) }

// await waits until the status is as wanted.
func (s *site) await(what string, wanted func(bundle.Status) bool) bundle.Status {
	s.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		status := s.Status()
		if wanted(status) {
			return status
		}
		if time.Now().After(deadline) {
			s.Fatalf("waiting for %s: %+v", what, status)
		}
	}
}

// generation waits for an activation.
func (s *site) generation(n uint64) bundle.Status {
	s.Helper()
	return s.await("an activation", func(st bundle.Status) bool { return st.Generation >= n && st.LastError == "" })
}

// failure waits until the files as they are now have been refused.
func (s *site) failure(message string) bundle.Status {
	s.Helper()
	return s.await("a failure", func(st bundle.Status) bool { return strings.Contains(st.LastError, message) })
}

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// may tells whether alice may do something in the snapshot in force.
func (s *site) may(action string) bool {
	s.Helper()
	return allowed(s.TB, s.Current(), accessKey, action, "arn:aws:s3:::logs/a")
}

const alicesPolicy = "bundle/accounts/111122223333/users/alice/read.json"

func TestRun(t *testing.T) {
	t.Parallel()
	s := watch(t, small)
	status := s.generation(1)
	current := s.Current()
	if current == nil || current.Revision() != status.Revision || current.Generation() != 1 || !current.ActivatedAt().Equal(status.ActivatedAt) {
		t.Errorf("current %+v, status %+v", current, status)
	}
	if status.CheckedAt.IsZero() || status.ActivatedAt.IsZero() || status.Users != 1 || status.Keys != 1 || status.Failures != 0 {
		t.Errorf("status %+v", status)
	}
	if got := <-s.activations; got.Generation != 1 || got.Revision != status.Revision {
		t.Errorf("OnActivation got %+v", got)
	}
	if err := s.Run(t.Context()); err == nil {
		t.Error("a second Run runs")
	}
}

func TestBeforeRun(t *testing.T) {
	t.Parallel()
	m := bundle.NewManager(bundle.Options{Directory: "testdata/none"})
	if m.Current() != nil || m.Status() != (bundle.Status{}) {
		t.Errorf("current %v, status %+v", m.Current(), m.Status())
	}
}

// TestReload changes a running bundle in the ways in which people and programs
// change files.
func TestReload(t *testing.T) {
	t.Parallel()
	changed := allow("s3:PutObject")
	tests := []struct {
		name   string
		change func(s *site)
	}{
		{"written in place", func(s *site) {
			files{alicesPolicy: changed}.write(s, s.directory)
		}},
		{"renamed into place", func(s *site) {
			files{alicesPolicy + ".tmp": changed}.write(s, s.directory)
			s.must(os.Rename(s.path(alicesPolicy+".tmp"), s.path(alicesPolicy)))
		}},
		{"renamed into place from elsewhere", func(s *site) {
			files{"elsewhere.json": changed}.write(s, s.directory)
			s.must(os.Rename(s.path("elsewhere.json"), s.path(alicesPolicy)))
		}},
		{"as an editor writes", func(s *site) { // backup, new file, swap file
			files{"bundle/accounts/111122223333/users/alice/.read.json.swp": "swap"}.write(s, s.directory)
			s.must(os.Rename(s.path(alicesPolicy), s.path(alicesPolicy+"~")))
			files{alicesPolicy: changed}.write(s, s.directory)
			s.must(os.Remove(s.path(alicesPolicy + "~")))
			s.must(os.Remove(s.path("bundle/accounts/111122223333/users/alice/.read.json.swp")))
		}},
		{"removed and written again", func(s *site) {
			s.must(os.Remove(s.path(alicesPolicy)))
			s.await("less", func(st bundle.Status) bool { return st.Policies == 0 })
			files{alicesPolicy: changed}.write(s, s.directory)
		}},
		{"in a new directory", func(s *site) {
			s.must(os.RemoveAll(s.path("bundle/accounts/111122223333/users/alice")))
			files{
				"bundle/accounts/111122223333/groups/writers.yaml":       "id: AGPAWRITERSEXAMPLE222\n",
				"bundle/accounts/111122223333/groups/writers/write.json": changed,
				"bundle/accounts/111122223333/users/alice.yaml":          "id: AIDAALICEEXAMPLE22222\ngroups: [writers]\n",
			}.write(s, s.directory)
		}},
		{"in a new directory, later", func(s *site) {
			s.must(os.MkdirAll(s.path("bundle/accounts/111122223333/policies/"), 0o755))
			time.Sleep(300 * time.Millisecond) // whether it is watched by now or not
			files{"bundle/accounts/111122223333/policies/write.json": changed}.write(s, s.directory)
			s.await("the policy", func(st bundle.Status) bool { return st.Policies == 2 })
			s.must(os.Remove(s.path(alicesPolicy)))
			files{"bundle/accounts/111122223333/users/alice.yaml": "id: AIDAALICEEXAMPLE22222\nattached: [\"arn:aws:iam::111122223333:policy/write\"]\n"}.write(s, s.directory)
		}},
		{"directory replaced", func(s *site) {
			small.with(files{alicesPolicy: changed}).write(s, s.path("next"))
			s.must(os.Rename(s.path("bundle"), s.path("before")))
			s.must(os.Rename(s.path("next/bundle"), s.path("bundle")))
		}},
		{"directory removed and made again", func(s *site) {
			s.must(os.RemoveAll(s.path("bundle")))
			s.failure("cannot be read")
			small.with(files{alicesPolicy: changed, "keys.yaml": ""}).write(s, s.directory)
		}},
		{"two directories exchanged", func(s *site) {
			files{
				"bundle/accounts/111122223333/users/bob.yaml":      "id: AIDABOBEXAMPLE2222222\n",
				"bundle/accounts/111122223333/users/bob/read.json": changed,
			}.write(s, s.directory)
			s.await("bob", func(st bundle.Status) bool { return st.Users == 2 })
			users := s.path("bundle/accounts/111122223333/users")
			s.must(os.Rename(users+"/alice", s.path("exchange")))
			s.must(os.Rename(users+"/bob", users+"/alice"))
			s.must(os.Rename(s.path("exchange"), users+"/bob"))
			s.await("the exchange", func(bundle.Status) bool { return s.may("s3:PutObject") })
			// Both are watched still, each by its new name.
			files{"bundle/accounts/111122223333/users/bob/more.json": changed}.write(s, s.directory)
			s.await("bob's policy", func(st bundle.Status) bool { return st.Policies == 3 })
			files{"bundle/accounts/111122223333/users/alice/more.json": changed}.write(s, s.directory)
			s.await("alice's policy", func(st bundle.Status) bool { return st.Policies == 4 })
		}},
	}
	for i := range 2 * len(tests) {
		tt, watch, name := &tests[i/2], func(t testing.TB, f files) *site { return watch(t, f) }, "what is new"
		if i%2 == 1 {
			watch, name = watchOld, "what is old"
		}
		t.Run(name+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			s := watch(t, small)
			before := s.generation(1)
			if s.may("s3:PutObject") {
				t.Fatal("alice may write already")
			}
			tt.change(s)
			after := s.await("the change", func(st bundle.Status) bool {
				return st.Generation > before.Generation && st.LastError == "" && s.may("s3:PutObject")
			})
			if s.may("s3:GetObject") {
				t.Error("what was taken away is allowed still")
			}
			if after.Revision == before.Revision || after.Generation <= before.Generation {
				t.Errorf("before %+v, after %+v", before, after)
			}
			// It is watched still.
			files{alicesPolicy: allow("s3:ListBucket"), "bundle/accounts/111122223333/users/alice.yaml": "id: AIDAALICEEXAMPLE22222\n"}.write(t, s.directory)
			s.await("another change", func(bundle.Status) bool { return s.may("s3:ListBucket") })
		})
	}
}

// TestReloadKeys: keys are reloaded as the bundle is; the revision stays.
func TestReloadKeys(t *testing.T) {
	t.Parallel()
	const other = "AKIAI44QH8DHBEXAMPLE"
	tests := []struct {
		name   string
		change func(s *site)
	}{
		{"written in place", func(s *site) { files{"keys.yaml": keyLine(other, "alice")}.write(s, s.directory) }},
		{"renamed into place", func(s *site) {
			files{"keys.new": keyLine(other, "alice")}.write(s, s.directory)
			s.must(os.Rename(s.path("keys.new"), s.path("keys.yaml")))
		}},
		{"removed and written again", func(s *site) {
			s.must(os.Remove(s.path("keys.yaml")))
			s.failure("the key file cannot be read")
			files{"keys.yaml": keyLine(other, "alice")}.write(s, s.directory)
		}},
		{"opened to others and closed again", func(s *site) {
			s.must(os.Chmod(s.path("keys.yaml"), 0o644))
			s.failure("chmod 600")
			if _, ok := s.Current().Credential(accessKey); !ok {
				s.Error("the key that was in force is gone")
			}
			files{"keys.new": keyLine(other, "alice")}.write(s, s.directory)
			s.must(os.Rename(s.path("keys.new"), s.path("keys.yaml")))
		}},
		{"linked", func(s *site) {
			files{"keys.next": keyLine(other, "alice")}.write(s, s.directory)
			s.must(os.Symlink("keys.next", s.path("link")))
			s.must(os.Rename(s.path("link"), s.path("keys.yaml")))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := watch(t, small)
			before := s.generation(1)
			tt.change(s)
			after := s.await("the new key", func(bundle.Status) bool { _, ok := s.Current().Credential(other); return ok })
			if _, ok := s.Current().Credential(accessKey); ok {
				t.Error("the old key is in force still")
			}
			if after.Revision != before.Revision || after.Generation <= before.Generation {
				t.Errorf("before %+v, after %+v", before, after)
			}
		})
	}
}

// TestCreatedKeyComesIntoForce: what keys create writes is noticed.
func TestCreatedKeyComesIntoForce(t *testing.T) {
	t.Parallel()
	s := watch(t, small)
	s.generation(1)
	key := create(t, s.path("keys.yaml"), "alice")
	s.await("the key", func(bundle.Status) bool { _, ok := s.Current().Credential(key.AccessKeyID); return ok })
}

// TestBrokenFromTheStart: without anything to fall back on there is no snapshot,
// the status says why, and the first whole bundle comes into force.
func TestBrokenFromTheStart(t *testing.T) {
	t.Parallel()
	s := watch(t, small.with(files{alicesPolicy: "{"}))
	status := s.failure("users/alice/read.json:1:")
	if s.Current() != nil || status.Generation != 0 || status.Revision != "" || status.Failures != 1 || status.LastErrorAt.IsZero() {
		t.Errorf("current %v, status %+v", s.Current(), status)
	}
	files{alicesPolicy: allow("s3:GetObject")}.write(t, s.directory)
	if status := s.generation(1); status.LastError != "" || !status.LastErrorAt.IsZero() {
		t.Errorf("status %+v", status)
	}
}

// TestNoDirectoryFromTheStart: the directory may come later, from whatever depth.
func TestNoDirectoryFromTheStart(t *testing.T) {
	t.Parallel()
	s := watch(t, files{"keys.yaml": small["keys.yaml"]}, func(o *bundle.Options) {
		o.Directory = filepath.Join(filepath.Dir(o.Directory), "deep", "er", "bundle")
	})
	s.failure("cannot be read")
	for name, text := range small {
		if strings.HasPrefix(name, "bundle/") {
			files{"deep/er/" + name: text}.write(t, s.directory)
		}
	}
	s.generation(1)
}

// TestUndone: files that are as they were are no new generation.
func TestUndone(t *testing.T) {
	t.Parallel()
	s := watch(t, small)
	before := s.generation(1)
	files{alicesPolicy: "{"}.write(t, s.directory)
	s.failure("read.json")
	files{alicesPolicy: small[alicesPolicy]}.write(t, s.directory)
	after := s.generation(1)
	if after.Generation != 1 || after.Revision != before.Revision || !after.ActivatedAt.Equal(before.ActivatedAt) || after.Failures != 1 {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

// TestPoll: where the file system tells of nothing, polling finds the change. The
// bundle's own file is changed under another name, which no event of a watched
// directory tells of.
func TestPoll(t *testing.T) {
	t.Parallel()
	s := watch(t, small, func(o *bundle.Options) { o.Poll = 20 * time.Millisecond })
	s.generation(1)
	before := s.Status().CheckedAt
	s.await("another reading", func(st bundle.Status) bool { return st.CheckedAt.After(before) })
	s.must(os.Link(s.path(alicesPolicy), s.path("alias")))
	s.must(os.WriteFile(s.path("alias"), []byte(allow("s3:PutObject")), 0o600))
	s.await("the change", func(bundle.Status) bool { return s.may("s3:PutObject") })
}

// TestPanic: a defect that shows while a bundle is loaded keeps what is in force,
// and the next change is tried.
func TestPanic(t *testing.T) {
	t.Parallel()
	conditioned := func(key string) files {
		return files{alicesPolicy: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": {"Bool": {"` + key + `": "true"}}}]}`}
	}
	s := watch(t, small, func(o *bundle.Options) {
		o.Routes[0].Fills = func(_, key string) bool {
			if key == "aws:viaawsservice" {
				panic("a defect")
			}
			return true
		}
	})
	s.generation(1)
	conditioned("aws:ViaAWSService").write(t, s.directory)
	s.failure("a defect")
	if !s.may("s3:GetObject") {
		t.Error("what was in force is gone")
	}
	conditioned("aws:SecureTransport").write(t, s.directory)
	s.generation(2)
}

// TestLog: an activation, warnings and a failure are logged, each once.
func TestLog(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.InfoLevel)
	s := watch(t, small.with(files{"bundle/accounts/111122223333/users/.bob.yaml": "x"}), func(o *bundle.Options) { o.Logger = zap.New(core) })
	status := s.generation(1)
	if status.Warnings != 1 {
		t.Errorf("status %+v", status)
	}
	files{"bundle/bundle.yaml": "accounts: ["}.write(t, s.directory)
	s.failure("bundle.yaml:1:")
	s.stop()
	for message, n := range map[string]int{"bundle activated": 1, "the bundle has warnings": 1, "bundle not activated: what was in force stays": 1} {
		if got := logs.FilterMessage(message).Len(); got != n {
			t.Errorf("%q is logged %d times, want %d", message, got, n)
		}
	}
	if logs.FilterMessageSnippet(secretKey).Len() > 0 {
		t.Error("the log holds a secret")
	}
}

// TestCancelledWhileBroken: the end of the context ends everything at once,
// whatever state the files are in.
func TestCancelledWhileBroken(t *testing.T) {
	t.Parallel()
	s := watch(t, small)
	s.generation(1)
	files{alicesPolicy: "{"}.write(t, s.directory)
	s.stop()
	if s.Current() == nil {
		t.Error("the end took the snapshot away")
	}
}

// TestCancelledWhileRequestsGoFirst: the end of the context ends what is under way,
// which is no failure.
func TestCancelledWhileRequestsGoFirst(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.write(t, directory)
	o := options(t, directory)
	o.Poll = time.Hour
	sleeps := make(chan struct{}, 1)
	s := run(t, directory, o, func(m *bundle.Manager) {
		m.Sleep(func(ctx context.Context) {
			select {
			case sleeps <- struct{}{}:
			default:
			}
			<-ctx.Done()
		})
	})
	before := s.generation(1)
	s.Current() // a request
	files{alicesPolicy: allow("s3:PutObject")}.write(t, directory)
	<-sleeps
	s.stop()
	if after := s.Status(); after.Generation != 1 || after.Failures != 0 || after.LastError != "" || after.Revision != before.Revision || s.may("s3:PutObject") {
		t.Errorf("before %+v, after %+v", before, after)
	}
}
