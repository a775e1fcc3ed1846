package bundle

import (
	"cmp"
	"crypto/sha256"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// stamp is what the file system tells of a file or directory. Two that are equal are
// of the same state, unless it has changed twice within what the clock of the file
// system can tell apart. Whoever writes a file chooses its size and when it was
// modified, and nobody when it was changed.
type stamp struct {
	device, inode     uint64
	size              int64
	modified, changed int64 // nanoseconds since 1970
}

// racy is how long a file or directory must have been left alone before a reading,
// for its stamp to tell the next reading that it is as it was: longer than any tick of
// a file system's clock, of which the coarsest is a second.
const racy = 3 * time.Second

// memory is what the last reading of a directory found: what has surely not changed
// since is not read again. The zero memory is empty.
type memory struct {
	// real is the directory, without symbolic links, and device what it is on. Without
	// trust nothing is taken to be as it was: the file system may not tell.
	real   string
	device uint64
	trust  bool
	// elsewhere tells that the last reading came into directories on something else.
	elsewhere bool
	// reading counts readings; built is the last of which something was built.
	reading, built uint64
	top            *folder
	// told are the directories in which something may have changed since, if all others
	// are known to be as they were; nil tells nothing.
	told map[string]bool

	// clock is that of the file system, and how much time has passed since some
	// moment, whatever was done to it; nil is the system's.
	clock func() (time.Time, time.Duration)
	// began is when the last reading did.
	began time.Time
	after time.Duration
}

// folder is a directory of the tree.
type folder struct {
	// path is relative, with slashes; real is where it is.
	path, real string
	info       fs.FileInfo
	stamp      stamp
	sure       bool // stamp tells whether the entries are those
	entries    []*entry
}

// entry is what a directory holds, in the order of the paths of files.
type entry struct {
	name, path string
	kind       fs.FileMode // type bits alone
	folder     *folder     // of a directory, once it was read

	// Of a file:

	stamp  stamp
	sure   bool // stamp tells whether the text is that
	digest [sha256.Size]byte
	size   int
	// needed tells that its text is needed whatever is remembered.
	needed bool
	// reading is the last that read the text.
	reading uint64
}

// started is some moment.
var started = time.Now()

func (m *memory) now() (time.Time, time.Duration) {
	if m.clock != nil {
		return m.clock()
	}
	now := time.Now()
	return now.Round(0), now.Sub(started)
}

// begin begins a reading of a directory, at a moment. Where the clock was set back, a
// stamp might come again, and so none counts.
func (m *memory) begin(real string, now time.Time, after time.Duration) {
	const tolerance = 100 * time.Millisecond
	back := (after-m.after)-now.Sub(m.began) > tolerance
	m.began, m.after = now, after
	if m.top == nil || m.real != real || back {
		m.real, m.top = real, &folder{path: ".", real: real}
	}
	m.reading++
	m.elsewhere = false
}

// sure tells whether a stamp that was taken in this reading can tell the next one
// that nothing has changed.
func (m *memory) sure(s stamp, told bool) bool {
	return told && m.trust && s.device == m.device && s.changed < m.began.Add(-racy).UnixNano()
}

// calm tells that a directory is known to be as it was without looking.
func (m *memory) calm(f *folder) bool { return m.trust && m.told != nil && f.sure && !m.told[f.real] }

// known tells whether the last reading of a file is good for one that keeps texts, if
// the file is as it was.
func (m *memory) known(e *entry, texts texts) bool {
	return e.sure && m.trust && (texts != newTexts || !e.needed && e.reading <= m.built)
}

// calmBelow tells that of a directory and all that is below nothing need be looked at.
func (m *memory) calmBelow(f *folder, texts texts) bool {
	if f == nil || !m.calm(f) {
		return false
	}
	for _, e := range f.entries {
		switch {
		case ignored(e.name):
		case e.kind == fs.ModeDir && !m.calmBelow(e.folder, texts), e.kind == 0 && !m.known(e, texts):
			return false
		}
	}
	return true
}

// forget forgets everything.
func (m *memory) forget() { m.top = nil }

// list puts entries into a folder, with what is known of them.
func (f *folder) list(found []fs.DirEntry) {
	known := make(map[string]*entry, len(f.entries))
	for _, e := range f.entries {
		known[e.name] = e
	}
	f.entries = make([]*entry, 0, len(found))
	var fresh []fs.DirEntry
	for _, d := range found {
		if e := known[d.Name()]; e != nil && e.kind == d.Type() {
			f.entries = append(f.entries, e)
		} else {
			fresh = append(fresh, d)
		}
	}
	f.add(fresh)
	slices.SortFunc(f.entries, byPath)
}

// add adds entries of which nothing is known. They lie in two pieces of memory, one of
// them their paths: there may be many.
func (f *folder) add(fresh []fs.DirEntry) {
	above := ""
	if f.path != "." {
		above = f.path + "/"
	}
	size := 0
	for _, d := range fresh {
		size += len(above) + len(d.Name())
	}
	var b strings.Builder
	b.Grow(size)
	for _, d := range fresh {
		b.WriteString(above)
		b.WriteString(d.Name())
	}
	paths, entries := b.String(), make([]entry, len(fresh))
	for i, d := range fresh {
		e, length := &entries[i], len(above)+len(d.Name())
		e.path, paths = paths[:length], paths[length:]
		e.name, e.kind = e.path[len(above):], d.Type()
		p, _ := locate(e.path)
		e.needed = p.kind == keySetFile
		f.entries = append(f.entries, e)
	}
}

// byPath is the order of the paths of files, of which those in a directory have a
// slash after its name.
func byPath(a, b *entry) int {
	n := min(len(a.name), len(b.name))
	if c := cmp.Compare(a.name[:n], b.name[:n]); c != 0 {
		return c
	}
	return cmp.Compare(a.after(n), b.after(n))
}

// after is the byte at n of the path in the folder, of which what is past its end is
// none.
func (e *entry) after(n int) int {
	switch {
	case n < len(e.name):
		return int(e.name[n])
	case e.kind == fs.ModeDir:
		return '/'
	}
	return -1
}
