//go:build linux

package bundle_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
)

// TestReadAgain: what may have changed since it was read is opened again, and nothing
// else; what is found is what a first reading finds.
func TestReadAgain(t *testing.T) {
	t.Parallel()
	const (
		users  = "accounts/111122223333/users"
		alice  = users + "/alice.yaml"
		policy = users + "/alice/read.json"
		group  = "accounts/111122223333/groups/staff.yaml"
	)
	all := []string{group, alice, policy, "bundle.yaml"}
	tests := []struct {
		name   string
		change func(s *site)
		opened []string
	}{
		{"nothing", func(*site) {}, nil},
		{"written in place", func(s *site) { files{alicesPolicy: allow("s3:PutObject")}.write(s, s.directory) }, []string{policy}},
		{"written in place, of the same size and with the time of what it was", func(s *site) {
			path := s.path(alicesPolicy)
			before, err := os.Stat(path)
			s.must(err)
			// Time must pass on the clock of the file system, which ticks.
			for deadline := time.Now().Add(patience); ; {
				s.must(os.WriteFile(path, []byte(strings.ToUpper(small[alicesPolicy])), 0o600))
				s.must(os.Chtimes(path, before.ModTime(), before.ModTime()))
				if bundle.ChangedSince(path, before) || time.Now().After(deadline) {
					break
				}
			}
		}, []string{policy}},
		{"renamed into place, with the time of what it was", func(s *site) {
			before, err := os.Stat(s.path(alicesPolicy))
			s.must(err)
			files{"elsewhere.json": strings.ToUpper(small[alicesPolicy])}.write(s, s.directory)
			s.must(os.Chtimes(s.path("elsewhere.json"), before.ModTime(), before.ModTime()))
			s.must(os.Rename(s.path("elsewhere.json"), s.path(alicesPolicy)))
		}, []string{policy}},
		{"touched", func(s *site) { s.must(os.Chtimes(s.path(alicesPolicy), time.Time{}, time.Unix(1, 0))) }, []string{policy}},
		{"added", func(s *site) { files{"bundle/" + users + "/alice/more.json": allow("s3:*")}.write(s, s.directory) }, []string{users + "/alice/more.json"}},
		{"removed", func(s *site) { s.must(os.Remove(s.path(alicesPolicy))) }, nil},
		{"renamed", func(s *site) { s.must(os.Rename(s.path(alicesPolicy), s.path("bundle/"+users+"/alice/other.json"))) }, []string{users + "/alice/other.json"}},
		{"a file for a directory", func(s *site) {
			s.must(os.RemoveAll(s.path("bundle/" + users + "/alice")))
			files{"bundle/" + users + "/alice": "text"}.write(s, s.directory)
		}, []string{users + "/alice"}},
		{"a link for a file", func(s *site) {
			s.must(os.Rename(s.path(alicesPolicy), s.path("elsewhere.json")))
			s.must(os.Symlink(s.path("elsewhere.json"), s.path(alicesPolicy)))
		}, nil},
		{"a directory replaced", func(s *site) {
			small.write(s, s.path("next"))
			s.must(os.Rename(s.path("bundle/"+users), s.path("before")))
			s.must(os.Rename(s.path("next/bundle/"+users), s.path("bundle/"+users)))
		}, []string{alice, policy}},
		{"all replaced", func(s *site) {
			s.must(os.Rename(s.path("bundle"), s.path("before")))
			small.with(files{"bundle/" + group: "id: AGPASTAFFEXAMPLE22222\n"}).write(s, s.directory)
		}, all},
		{"a link to another directory", func(s *site) {
			s.must(os.Rename(s.path("bundle"), s.path("before")))
			small.with(files{"bundle/" + group: "id: AGPASTAFFEXAMPLE22222\n"}).write(s, s.path("next"))
			s.must(os.Symlink("next/bundle", s.path("bundle")))
		}, all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &site{TB: t, directory: t.TempDir()}
			small.with(files{"bundle/" + group: "id: AGPASTAFFEXAMPLE22222\n"}).write(t, s.directory)
			o := options(t, s.directory)
			if !bundle.TellsChanges(o.Directory) {
				t.Skip("the file system of temporary files may not tell of changes")
			}
			later, passed := time.Hour, time.Duration(0)
			r := bundle.NewRereader(o, &later, &passed)
			if _, opened := r.Read(); !slices.Equal(opened, all) {
				t.Fatalf("first it opens %q", opened)
			}
			tt.change(s)
			state, opened := r.Read()
			if !slices.Equal(opened, tt.opened) {
				t.Errorf("it opens %q, want %q", opened, tt.opened)
			}
			if fresh, _ := bundle.NewRereader(o, &later, &passed).Read(); state != fresh {
				t.Error("it finds something else than a first reading")
			}
		})
	}
}

// TestReadWhereChanged: where events told of changes is looked, and wherever a directory
// has others in it than it had.
func TestReadWhereChanged(t *testing.T) {
	t.Parallel()
	const account = "accounts/111122223333"
	s := &site{TB: t, directory: t.TempDir()}
	small.with(files{"bundle/" + account + "/groups/staff.yaml": "id: AGPASTAFFEXAMPLE22222\n"}).write(t, s.directory)
	o := options(t, s.directory)
	if !bundle.TellsChanges(o.Directory) {
		t.Skip("the file system of temporary files may not tell of changes")
	}
	later, passed := time.Hour, time.Duration(0)
	r := bundle.NewRereader(o, &later, &passed)
	r.Read()
	const (
		alice, policy = account + "/users/alice.yaml", account + "/users/alice/read.json"
		bob, group    = account + "/users/bob.yaml", account + "/groups/staff.yaml"
	)
	for i, step := range []struct {
		write, told, opened []string
	}{
		{nil, []string{}, nil},
		{[]string{alice, policy, group}, []string{account + "/groups"}, []string{group}},
		{nil, []string{account + "/users"}, []string{alice}},
		{[]string{alice}, []string{account + "/users/alice"}, []string{policy}},
		{nil, nil, []string{alice}},
		{[]string{policy, account + "/groups/new.yaml"}, []string{account + "/groups"}, []string{account + "/groups/new.yaml"}},
		{[]string{bob}, []string{account + "/users"}, []string{policy, bob}},
	} {
		for _, name := range step.write {
			files{"bundle/" + name: strings.Repeat("#", i+1)}.write(t, s.directory)
		}
		r.Told(step.told)
		if _, opened := r.Read(); !slices.Equal(opened, step.opened) {
			t.Errorf("step %d opens %q, want %q", i, opened, step.opened)
		}
	}
	r.Told(nil)
	state, _ := r.Read()
	if fresh, _ := bundle.NewRereader(o, &later, &passed).Read(); state != fresh {
		t.Error("it finds something else than a first reading")
	}
}

// TestReadAgainLately: what was written within a few seconds of a reading, or after it
// by a clock that was set back, is read again until it is old.
func TestReadAgainLately(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.write(t, directory)
	o := options(t, directory)
	if !bundle.TellsChanges(o.Directory) {
		t.Skip("the file system of temporary files may not tell of changes")
	}
	later, passed := time.Duration(0), time.Duration(0)
	r := bundle.NewRereader(o, &later, &passed)
	for _, step := range []struct {
		name          string
		later, passed time.Duration
		opened        bool
	}{
		{"when it was written", 0, 0, true},
		{"a second later", time.Second, time.Second, true},
		{"a minute later", time.Minute, time.Minute, true}, // what it read before may not be what is there
		{"two minutes later", 2 * time.Minute, 2 * time.Minute, false},
		{"set on", time.Hour, 3 * time.Minute, false},
		{"set back", 50 * time.Minute, 4 * time.Minute, true},
		{"after that", 51 * time.Minute, 5 * time.Minute, false},
		{"before it was written", -time.Hour, 6 * time.Minute, true},
		{"and still", -59 * time.Minute, 7 * time.Minute, true},
	} {
		later, passed = step.later, step.passed
		if _, opened := r.Read(); len(opened) > 0 != step.opened {
			t.Errorf("%s: it opens %q", step.name, opened)
		}
	}
}

// TestTextNotRead: where a document means something else though its file is as it was,
// it is read all the same.
func TestTextNotRead(t *testing.T) {
	t.Parallel()
	s := watchOld(t, small.with(files{
		"bundle/accounts/111122223333/policies/write.json": allow("s3:PutObject"),
		"bundle/accounts/111122223333/policies/write.yaml": "path: /a/\n",
		"bundle/accounts/111122223333/users/alice.yaml":    "id: AIDAALICEEXAMPLE22222\nattached: [\"arn:aws:iam::111122223333:policy/a/write\"]\n",
	}))
	s.generation(1)
	files{
		"bundle/accounts/111122223333/policies/write.yaml": "path: /b/\n",
		"bundle/accounts/111122223333/users/alice.yaml":    "id: AIDAALICEEXAMPLE22222\nattached: [\"arn:aws:iam::111122223333:policy/b/write\"]\n",
	}.write(t, s.directory)
	s.await("the path", func(st bundle.Status) bool { return st.Generation >= 2 && s.may("s3:PutObject") })
	if s.Status().LastError != "" || s.Status().Failures > 0 {
		t.Errorf("status %+v", s.Status())
	}
}

// TestReadAfterTooMuch: what was not looked at since there was too much before it is
// looked at when there is not any more, though no event told of it.
func TestReadAfterTooMuch(t *testing.T) {
	t.Parallel()
	const account = "accounts/111122223333"
	s := &site{TB: t, directory: t.TempDir()}
	small.with(files{"bundle/" + account + "/groups/staff.yaml": "id: AGPASTAFFEXAMPLE22222\n"}).write(t, s.directory)
	o := options(t, s.directory)
	if !bundle.TellsChanges(o.Directory) {
		t.Skip("the file system of temporary files may not tell of changes")
	}
	later, passed := time.Hour, time.Duration(0)
	r := bundle.NewRereader(o, &later, &passed)
	r.Read()
	too := s.path("bundle/" + account + "/groups/too/")
	s.must(os.Mkdir(too, 0o700))
	for i := range bundle.MaxTotal/bundle.MaxFile + 1 {
		name := filepath.Join(too, fmt.Sprintf("much%d.json", i))
		s.must(os.WriteFile(name, nil, 0o600))
		s.must(os.Truncate(name, bundle.MaxFile)) // which takes no room
	}
	r.Told([]string{account + "/groups"})
	r.Read()
	files{alicesPolicy: allow("s3:PutObject")}.write(t, s.directory)
	s.must(os.RemoveAll(too))
	r.Told([]string{account + "/groups", account + "/groups/too"})
	state, _ := r.Read()
	if fresh, _ := bundle.NewRereader(o, &later, &passed).Read(); state != fresh {
		t.Error("it finds something else than a first reading")
	}
}

// TestReadWrittenThroughMemory: what was written through a mapping into memory, which
// changes no time, is found after a while all the same.
func TestReadWrittenThroughMemory(t *testing.T) {
	t.Parallel()
	s := &site{TB: t, directory: t.TempDir()}
	small.write(t, s.directory)
	f, err := os.OpenFile(s.path(alicesPolicy), os.O_RDWR, 0)
	s.must(err)
	defer func() { _ = f.Close() }()
	text := small[alicesPolicy]
	mapped, err := syscall.Mmap(int(f.Fd()), 0, len(text), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	s.must(err)
	defer func() { _ = syscall.Munmap(mapped) }()
	mapped[0] = text[0] // of a page's first change the file system knows
	o := options(t, s.directory)
	o.Poll = 20 * time.Millisecond
	m := run(t, s.directory, o, (*bundle.Manager).Remember, (*bundle.Manager).Disbelieve)
	before := m.generation(1)
	m.await("another reading", func(st bundle.Status) bool { return st.CheckedAt.After(before.CheckedAt) })
	copy(mapped, allow("s3:PutObject"))
	m.await("the change", func(bundle.Status) bool { return m.may("s3:PutObject") })
}

// TestChangedWhileRead: of two changes that are made while the first reading is on its
// way, the later one does not come into force without the earlier one.
func TestChangedWhileRead(t *testing.T) {
	t.Parallel()
	const denial = "bundle/accounts/111122223333/groups/staff/no.json"
	directory := t.TempDir()
	f := small.with(files{
		"bundle/accounts/111122223333/groups/staff.yaml": "id: AGPASTAFFEXAMPLE22222\n",
		"bundle/accounts/111122223333/users/alice.yaml":  "id: AIDAALICEEXAMPLE22222\ngroups: [staff]\n",
		denial: allow("s3:ListBucket"),
	})
	f.write(t, directory)
	o := options(t, directory)
	o.Poll = time.Hour
	var armed atomic.Bool
	s := run(t, directory, o, (*bundle.Manager).Remember, func(m *bundle.Manager) {
		m.Sleep(func(context.Context) {
			if !armed.CompareAndSwap(true, false) {
				return
			}
			files{denial: strings.Replace(allow("s3:PutObject"), "Allow", "Deny", 1)}.write(t, directory)
			files{alicesPolicy: allow("s3:*")}.write(t, directory)
		})
	})
	s.generation(1)
	armed.Store(true)
	s.Current() // a request
	files{alicesPolicy: allow("s3:List*")}.write(t, directory)
	s.await("both changes", func(bundle.Status) bool { return s.may("s3:DeleteObject") && !s.may("s3:PutObject") })
	if after := s.Status(); after.Generation != 2 {
		t.Errorf("they came into force in generation %d", after.Generation)
	}
}
