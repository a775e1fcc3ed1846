package bundle

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// file takes a file into the tree.
func (r *treeReader) file(root *os.Root, f *folder, e *entry) error {
	if len(r.tree.files) == maxFiles {
		r.full = true
		r.report(e.path, "TOO_MANY_FILES", fmt.Sprintf("the bundle has more than %d files", maxFiles), "split it among several instances")
		return nil
	}
	as, err := r.asBefore(root, f, e)
	if err != nil {
		return unreadable(r, e.path, err)
	}
	if !as {
		e.sure = false
		if err := r.text(root, e); err != nil {
			return unreadable(r, e.path, err)
		}
		if e.size > maxFile {
			r.report(e.path, "FILE_TOO_LARGE", fmt.Sprintf("the file is larger than %d bytes", maxFile), "split it")
			return nil
		}
	}
	if r.total += e.size; r.total > maxTotal {
		r.full = true
		r.report(e.path, "BUNDLE_TOO_LARGE", fmt.Sprintf("the files of the bundle are larger than %d bytes together", maxTotal), "split it among several instances")
		return nil
	}
	read := file{path: e.path, digest: e.digest, omitted: as || r.texts == noTexts}
	if !read.omitted {
		read.text = bytes.Clone(r.buffer.Bytes())
	}
	r.tree.files = append(r.tree.files, read)
	return nil
}

// asBefore tells whether the last reading of a file is good for this one, without
// opening it.
func (r *treeReader) asBefore(root *os.Root, f *folder, e *entry) (bool, error) {
	if !r.memory.known(e, r.texts) {
		return false, nil
	}
	if r.doubt == 0 && r.memory.calm(f) {
		r.tree.changed.add(lastChange{at: time.Unix(0, e.stamp.changed), noted: true})
		return true, nil
	}
	info, err := root.Lstat(e.name)
	if err != nil {
		return false, err
	}
	now, told := stampOf(info)
	if !told || !info.Mode().IsRegular() || now != e.stamp {
		return false, nil
	}
	r.tree.changed.note(info)
	return true, nil
}

// text reads a file into the buffer.
func (r *treeReader) text(root *os.Root, e *entry) error {
	// Without blocking, should a pipe have taken the file's place.
	f, err := root.OpenFile(e.name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	r.buffer.Reset()
	if _, err = r.buffer.ReadFrom(io.LimitReader(f, maxFile+1)); err != nil {
		return err
	}
	info, err := f.Stat() // not before, or a change while it was read would be unseen
	if err != nil {
		return err
	}
	r.tree.changed.note(info)
	now, told := stampOf(info)
	e.stamp, e.sure = now, r.memory.sure(now, told) && r.buffer.Len() <= maxFile
	digest := sha256.Sum256(r.buffer.Bytes())
	// Of a file with several names the event is about the one that it was written by.
	r.tree.elsewhere = r.tree.elsewhere || r.memory.told != nil && digest != e.digest && hasOtherNames(info)
	e.digest, e.size, e.reading = digest, r.buffer.Len(), r.memory.reading
	return nil
}

// unreadable makes a finding of a file that is there and cannot be read.
func unreadable(r *treeReader, name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	r.report(name, "UNREADABLE", "the file cannot be read: "+reason(err), "let the user that Sallyport runs as read it")
	return nil
}
