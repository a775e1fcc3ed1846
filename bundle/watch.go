package bundle

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/zap"
)

// watcher tells that something changed in the directories given last. What it
// misses, polling finds.
type watcher struct {
	logger   *zap.Logger
	notify   *fsnotify.Watcher
	watched  map[string]fs.FileInfo
	tree     map[string]bool     // directories where everything matters
	points   map[string][]string // directories where some names matter
	reported bool
}

func newWatcher(logger *zap.Logger) *watcher {
	w := &watcher{logger: logger}
	w.restart()
	return w
}

// restart forgets all watches. Directories that have taken each other's place
// cannot be told apart otherwise: a watch follows the directory and not the name.
func (w *watcher) restart() {
	w.close()
	w.watched = map[string]fs.FileInfo{}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		w.notify = nil
		w.complain(err)
		return
	}
	w.notify = notify
}

func (w *watcher) close() {
	if w.notify != nil {
		_ = w.notify.Close()
	}
}

// blind tells that not all directories are watched.
func (w *watcher) blind() bool { return w.notify == nil || w.reported }

func (w *watcher) complain(err error) {
	if !w.reported {
		w.reported = true
		w.logger.Warn("the file system does not tell of all changes: the bundle is polled", zap.Error(err))
	}
}

func (w *watcher) events() <-chan fsnotify.Event {
	if w.notify == nil {
		return nil
	}
	return w.notify.Events
}

func (w *watcher) errors() <-chan error {
	if w.notify == nil {
		return nil
	}
	return w.notify.Errors
}

// watch watches the directories of a tree, and what leads to paths. grown tells
// that some were not watched before.
func (w *watcher) watch(tree, paths []string) (grown bool) {
	if w.notify == nil {
		w.restart()
	}
	w.tree = make(map[string]bool, len(tree))
	wanted := make(map[string]fs.FileInfo, len(tree))
	want := func(directory string) {
		if info, err := os.Stat(directory); err == nil {
			wanted[directory] = info
		}
	}
	for _, directory := range tree {
		w.tree[directory] = true
		want(directory)
	}
	w.points = map[string][]string{}
	for _, path := range paths {
		for directory, names := range watchpoints(path) {
			w.points[directory] = append(w.points[directory], names...)
			want(directory)
		}
	}
	for directory, info := range wanted {
		if old, ok := w.watched[directory]; ok && !os.SameFile(old, info) {
			w.restart()
			break
		}
	}
	if w.notify == nil {
		return false
	}
	for directory := range w.watched {
		if _, ok := wanted[directory]; !ok {
			_ = w.notify.Remove(directory) // it may be gone
			delete(w.watched, directory)
		}
	}
	// Again, too, what is watched already: a directory that was removed and made
	// again has lost its watch.
	failed := false
	for directory, info := range wanted {
		if err := w.notify.Add(directory); err == nil {
			if _, ok := w.watched[directory]; !ok {
				grown = true
			}
			w.watched[directory] = info
		} else if _, gone := os.Stat(directory); gone == nil {
			failed = true
			w.complain(err)
		}
	}
	w.reported = failed
	return grown
}

// matters tells whether an event may change what a reading would find.
func (w *watcher) matters(event fsnotify.Event) bool {
	directory, name := filepath.Split(event.Name)
	directory = filepath.Clean(directory)
	return w.tree[directory] || w.tree[event.Name] || slices.Contains(w.points[directory], name)
}
