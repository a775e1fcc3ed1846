//go:build linux

package effects_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// file is what the store has of an object, a part, a folder or a bucket.
type file struct {
	folder     bool
	content    string // of a file
	attributes map[string]string
}

// disk is what the store has, by path from the folder that holds objects and
// versions.
type disk map[string]file

// readDisk reads what the store has in a folder.
func readDisk(home string) (disk, error) {
	d := disk{}
	for _, top := range []string{"objects", "versions"} {
		err := filepath.WalkDir(filepath.Join(home, top), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name, err := filepath.Rel(home, path)
			if err != nil || name == top {
				return err
			}
			f := file{folder: entry.IsDir()}
			if !f.folder {
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				f.content = string(text)
			}
			if f.attributes, err = attributes(path); err != nil {
				return err
			}
			d[filepath.ToSlash(name)] = f
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return d, nil
}

// prefix is that of the names of attributes that anybody may have.
const prefix = "user."

// attributes are the extended attributes in which the store keeps what it knows
// of an object, by the names that it gives them.
func attributes(path string) (map[string]string, error) {
	size, err := unix.Llistxattr(path, nil)
	if err != nil || size == 0 {
		if errors.Is(err, unix.ENOTSUP) {
			return nil, errors.New("the file system has no extended attributes")
		}
		return nil, err
	}
	names := make([]byte, size)
	if size, err = unix.Llistxattr(path, names); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, name := range bytes.Split(names[:size], []byte{0}) {
		if !bytes.HasPrefix(name, []byte(prefix)) {
			continue
		}
		value := make([]byte, 64<<10)
		n, err := unix.Lgetxattr(path, string(name), value)
		if err != nil {
			return nil, err
		}
		out[string(name[len(prefix):])] = string(value[:n])
	}
	return out, nil
}

// effect is a difference between what the store had and has.
type effect struct {
	path string
	// before and after are what is there; nil if nothing is.
	before, after *file
	// attributes are the names of those that are not as they were.
	attributes []string
}

func (e *effect) String() string {
	what := "is another"
	switch {
	case e.before == nil:
		what = "is new"
	case e.after == nil:
		what = "is gone"
	case e.before.content == e.after.content:
		what = "has other attributes"
	}
	return e.path + " " + what + " (" + strings.Join(e.attributes, ", ") + ")"
}

// changes are the effects between two states, in the order of paths.
func changes(before, after disk) []effect {
	var out []effect
	for path, was := range before {
		is, ok := after[path]
		if !ok {
			out = append(out, effect{path: path, before: &was})
			continue
		}
		if e := (effect{path, &was, &is, differing(was.attributes, is.attributes)}); was.content != is.content || was.folder != is.folder || len(e.attributes) > 0 {
			out = append(out, e)
		}
	}
	for path, is := range after {
		if _, ok := before[path]; !ok {
			out = append(out, effect{path, nil, &is, differing(nil, is.attributes)})
		}
	}
	slices.SortFunc(out, func(a, b effect) int { return strings.Compare(a.path, b.path) })
	return out
}

func differing(was, is map[string]string) []string {
	var names []string
	for name, value := range was {
		if now, ok := is[name]; !ok || now != value {
			names = append(names, name)
		}
	}
	for name := range is {
		if _, ok := was[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// undo puts back what was before the effects.
func undo(home string, effects []effect) error {
	for i := len(effects) - 1; i >= 0; i-- { // what is in a folder before the folder
		e := &effects[i]
		path := filepath.Join(home, filepath.FromSlash(e.path))
		if e.after != nil && (e.before == nil || !e.before.folder || !e.after.folder) {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	for i := range effects {
		e := &effects[i]
		path := filepath.Join(home, filepath.FromSlash(e.path))
		if e.before == nil {
			continue
		}
		var err error
		if e.before.folder {
			err = os.MkdirAll(path, 0o755)
		} else {
			err = os.WriteFile(path, []byte(e.before.content), 0o644)
		}
		if err != nil {
			return err
		}
		for _, name := range e.attributes {
			if value, was := e.before.attributes[name]; !was && e.after != nil && e.after.folder {
				err = unix.Lremovexattr(path, prefix+name)
			} else if was {
				err = unix.Lsetxattr(path, prefix+name, []byte(value), 0)
			}
			if err != nil {
				return err
			}
		}
		if e.after != nil && e.before.folder && e.after.folder {
			continue // has the others still
		}
		for name, value := range e.before.attributes {
			if err := unix.Lsetxattr(path, prefix+name, []byte(value), 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// place is what a path on the disk stands for.
type place struct {
	bucket string
	// key is the object's, and ends in a slash for a folder; empty for a bucket.
	key string
	// hashed is the hash of the object's key where the store keeps that alone: of
	// parts and of versions.
	hashed string
	part   bool // of an upload
	// scratch is what the store needs for itself: it holds nothing of anybody's.
	scratch bool
}

// placeOf tells what a path stands for.
func placeOf(path string, folder bool) place {
	top, rest, _ := strings.Cut(path, "/")
	bucket, rest, within := strings.Cut(rest, "/")
	p := place{bucket: bucket}
	switch {
	case bucket == ".vgwlocks":
		p.scratch = true
	case !within:
		p.scratch = top == "versions"
	case top == "versions":
		// 2/2/2/hash/version
		parts := strings.Split(rest, "/")
		if p.scratch = len(parts) < 5; !p.scratch {
			p.hashed = parts[3]
		}
	case rest == ".sgwtmp" || strings.HasPrefix(rest, ".sgwtmp/"):
		// multipart/hash/upload/part
		parts := strings.Split(rest, "/")
		if p.scratch = len(parts) < 4 || parts[1] != "multipart"; !p.scratch {
			p.hashed, p.part = parts[2], true
		}
	default:
		if p.key = rest; folder {
			p.key += "/"
		}
	}
	return p
}

func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
