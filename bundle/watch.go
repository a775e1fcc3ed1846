package bundle

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/zap"
)

// watcher tells that something changed in the directories given last. What it
// misses, polling finds.
type watcher struct {
	logger   *zap.Logger
	pace     *pace
	notify   *fsnotify.Watcher
	watched  map[string]fs.FileInfo
	tree     map[string]bool     // directories where everything matters
	points   map[string][]string // directories where some names matter
	reported bool
	// lost tells that watches may have ended unseen, or events are missing.
	lost bool
	// changed are the directories that events were about since this was last cleared.
	changed map[string]bool
}

func newWatcher(logger *zap.Logger, p *pace) *watcher {
	w := &watcher{logger: logger, pace: p, changed: map[string]bool{}}
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
// that some were not watched before, or may not have been.
func (w *watcher) watch(tree []directory, paths []string) (grown bool) {
	if w.notify == nil {
		w.restart()
	}
	w.tree = make(map[string]bool, len(tree))
	wanted := make(map[string]fs.FileInfo, len(tree))
	for _, d := range tree {
		w.tree[d.real] = true
		wanted[d.real] = d.info
		_ = w.pace.step()
	}
	w.points = map[string][]string{}
	for _, path := range paths {
		for directory, names := range watchpoints(path) {
			w.points[directory] = append(w.points[directory], names...)
			if info, err := os.Stat(directory); err == nil {
				wanted[directory] = info
			}
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
	if alive := w.notify.WatchList(); len(alive) < len(w.watched) {
		// Those of a file system that was unmounted end without an event.
		ended := maps.Clone(w.watched)
		for _, directory := range alive {
			delete(ended, directory)
		}
		for directory := range ended {
			delete(w.watched, directory)
		}
	}
	for directory := range w.watched {
		_ = w.pace.step()
		if _, ok := wanted[directory]; !ok {
			_ = w.notify.Remove(directory) // it may be gone
			delete(w.watched, directory)
		}
	}
	failed := false
	for directory, info := range wanted {
		_ = w.pace.step()
		_, ok := w.watched[directory]
		if ok && !w.lost {
			w.watched[directory] = info // the same, which the tree has too
			continue
		}
		if err := w.notify.Add(directory); err == nil {
			grown = true
			w.watched[directory] = info
		} else if _, gone := os.Stat(directory); gone == nil {
			failed = true
			w.complain(err)
		}
	}
	w.lost = false
	w.reported = failed
	return grown
}

// lose notes an error of the system, by which events are missing.
func (w *watcher) lose(err error) {
	w.logger.Warn("watching the bundle: reading everything", zap.Error(err))
	w.lost = true
}

// note notes events for some time. all tells that no more seem to be on their way.
func (w *watcher) note(ctx context.Context, d time.Duration) (all bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return false
		case event := <-w.events():
			_ = w.matters(event)
			last = time.Now()
		case err := <-w.errors():
			w.lose(err)
		case <-timer.C:
			return !w.lost && time.Since(last) >= settled
		}
	}
}

// matters tells whether an event may change what a reading would find.
func (w *watcher) matters(event fsnotify.Event) bool {
	gone := event.Has(fsnotify.Remove) || event.Has(fsnotify.Rename)
	if gone {
		// One that is made again, or comes back, has lost its watch.
		delete(w.watched, event.Name)
	}
	directory, name := filepath.Split(event.Name)
	directory = filepath.Clean(directory)
	if w.tree[directory] || w.tree[event.Name] {
		w.changed[directory], w.changed[event.Name] = true, true
		return true
	}
	// A directory on the way that is gone: another may be in its place.
	return slices.Contains(w.points[directory], name) || gone && w.points[event.Name] != nil
}
