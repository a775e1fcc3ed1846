//go:build linux

package bundle_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
)

// TestChangedWhileWatchedAnew: where directories took each other's place all are watched
// anew, and events on their way are lost. What they told of is found all the same.
func TestChangedWhileWatchedAnew(t *testing.T) {
	t.Parallel()
	const users = "bundle/accounts/444455556666/users"
	directory := t.TempDir()
	f := small.with(files{
		"bundle/bundle.yaml":     "accounts: {\"111122223333\": {}, \"444455556666\": {}}\nbuckets: [{name: \"*\", account: \"111122223333\"}]\n",
		users + "/bob.yaml":      "id: AIDABOBEXAMPLE2222222\n",
		users + "/bob/read.json": allow("s3:GetObject"),
	})
	f.write(t, directory)
	o := options(t, directory)
	o.Poll = time.Hour
	var armed atomic.Bool
	s := run(t, directory, o, (*bundle.Manager).Remember, func(m *bundle.Manager) {
		m.Sleep(func(context.Context) {
			if armed.CompareAndSwap(true, false) {
				files{alicesPolicy: allow("s3:PutObject")}.write(t, directory)
			}
		})
	})
	s.generation(1)
	f.with(files{users + "/bob/read.json": allow("s3:*")}).write(t, s.path("next"))
	s.must(os.Rename(s.path(users), s.path("before")))
	s.must(os.Rename(s.path("next/"+users), s.path(users)))
	armed.Store(true)
	s.Current() // a request
	s.await("both changes", func(st bundle.Status) bool { return st.Generation > 1 && s.may("s3:PutObject") })
}

// TestParentReplaced: another directory in the place of the one that holds the bundle is
// noticed though no link leads there.
func TestParentReplaced(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.write(t, filepath.Join(directory, "deployed"))
	small.with(files{alicesPolicy: allow("s3:PutObject")}).write(t, filepath.Join(directory, "next"))
	o := options(t, filepath.Join(directory, "deployed"))
	o.Poll = time.Hour
	s := run(t, directory, o)
	s.generation(1)
	s.must(os.Rename(s.path("deployed"), s.path("before")))
	s.must(os.Rename(s.path("next"), s.path("deployed")))
	s.await("the change", func(bundle.Status) bool { return s.may("s3:PutObject") })
}

// TestWatchesThatEnded: what is not watched any more, though no event told of that, is
// watched again with the next reading.
func TestWatchesThatEnded(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	w := bundle.NewWatcher(t)
	if !w.Watch(directory) || w.Watch(directory) {
		t.Error("it is watched anew when it is watched, and then alone")
	}
	w.End(directory)
	if !w.Watch(directory) || w.Watch(directory) {
		t.Error("it is watched anew after the watch ended")
	}
	w.Overflow()
	if !w.Watch(directory) || w.Watch(directory) {
		t.Error("it may have been watched anew after events were missing")
	}
}
