package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// tree is what a directory held when it was read.
type tree struct {
	// real is the directory itself, without symbolic links: a change of it
	// alone is an atomic swap.
	real string
	// directories are what must be watched to see the next change: real ones
	// of the tree, then those that hold the links on the way to it.
	directories []string
	files       []file // sorted by path
	findings    []policy.Finding
	changed     lastChange // of all that was read
}

// file is one file of the tree.
type file struct {
	path   string // relative to the directory, with slashes
	text   []byte // nil in a reading without texts
	digest [sha256.Size]byte
}

// revision is the digest of the content; see the package comment.
func (t *tree) revision() string {
	h := sha256.New()
	for i := range t.files {
		f := &t.files[i]
		fmt.Fprintf(h, "%x  %s\n", f.digest, f.path)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// treeReader reads one directory. Everything is read through one handle of it:
// nothing outside is reached, and a directory that is replaced meanwhile is read
// to its end as it was.
type treeReader struct {
	ctx   context.Context
	root  *os.Root
	tree  *tree
	total int64
	full  bool // a limit over all files is reached
	// texts tells that texts are kept, and not their digests alone. buffer is what
	// each is read into.
	texts  bool
	buffer bytes.Buffer
}

// readTree reads a directory; without texts it only tells whether anything is
// otherwise than in another reading. What is wrong with its files is in the findings;
// an error tells that there is nothing to look at.
func readTree(ctx context.Context, directory string, texts bool) (*tree, error) {
	t := &tree{}
	r := &treeReader{ctx: ctx, tree: t, texts: texts}
	real, err := realPath(directory)
	if err == nil {
		t.real = real
		r.root, err = os.OpenRoot(real)
	}
	if err != nil {
		return t, fmt.Errorf("the bundle's directory cannot be read: %w", err)
	}
	defer func() { _ = r.root.Close() }()
	if err := r.mounted(); err != nil {
		return t, err
	}
	err = r.directory(".", 0)
	slices.SortFunc(t.files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	if err != nil {
		return t, fmt.Errorf("the bundle cannot be read: %w", err)
	}
	return t, nil
}

// dataLink is the link that Kubernetes swaps when a mounted volume changes.
const dataLink = "..data"

// mounted goes on in the directory that ..data names, if the tree is a mounted
// ConfigMap or Secret.
func (r *treeReader) mounted() error {
	info, err := r.root.Lstat(dataLink)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the bundle cannot be read: %w", err)
	}
	target, _ := r.root.Readlink(dataLink)
	if info.Mode().Type() != fs.ModeSymlink || !strings.HasPrefix(target, "..") || len(target) < 3 || strings.Contains(target, "/") {
		return fmt.Errorf("the bundle cannot be read: %s is not the link to a directory beside it that Kubernetes makes", dataLink)
	}
	entries, err := fs.ReadDir(r.root.FS(), ".")
	if err != nil {
		return fmt.Errorf("the bundle cannot be read: %w", err)
	}
	for _, e := range entries {
		if ignored(e.Name()) {
			continue
		}
		if link, err := r.root.Readlink(e.Name()); err != nil || link != dataLink+"/"+e.Name() {
			r.report(e.Name(), "NOT_IN_VOLUME", "stands beside the mounted volume and not in it",
				"put it into the ConfigMap or Secret, or mount the volume elsewhere")
		}
	}
	r.tree.directories = append(r.tree.directories, r.tree.real)
	inner, err := r.root.OpenRoot(target)
	if err != nil {
		return fmt.Errorf("the bundle cannot be read: %w", err)
	}
	_ = r.root.Close()
	r.root, r.tree.real = inner, filepath.Join(r.tree.real, target)
	return nil
}

func (r *treeReader) report(name, code, message, remedy string) {
	r.tree.findings = append(r.tree.findings, policy.Finding{
		File: name, Line: 1, Column: 1, Code: code, Message: message, Remedy: remedy,
	})
}

// directory reads a directory of the tree and what is below it.
func (r *treeReader) directory(name string, depth int) error {
	r.tree.directories = append(r.tree.directories, filepath.Join(r.tree.real, filepath.FromSlash(name)))
	entries, err := fs.ReadDir(r.root.FS(), name)
	if err != nil {
		return err
	}
	info, err := r.root.Stat(name)
	if err != nil {
		return err
	}
	r.tree.changed.note(info)
	for _, e := range entries {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		child := path.Join(name, e.Name())
		switch {
		case r.full:
			return nil
		case ignored(e.Name()):
			r.hidden(child, e)
		case e.IsDir() && depth == maxDepth:
			r.report(child, "TOO_DEEP", fmt.Sprintf("the directory is more than %d levels deep", maxDepth), "keep to the layout of a bundle")
		case e.IsDir():
			err = r.directory(child, depth+1)
		case e.Type() == fs.ModeSymlink:
			r.report(child, "SYMBOLIC_LINK", "a symbolic link is not followed inside a bundle",
				"put the file itself here; the bundle's directory as a whole may be a link")
		case !e.Type().IsRegular():
			r.report(child, "NOT_A_FILE", "neither a file nor a directory", "remove it")
		default:
			err = r.file(child)
		}
		// What has gone since the directory was listed is not there: the
		// second reading of a plain directory sees to it.
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// hidden warns of what was surely meant to be read.
func (r *treeReader) hidden(name string, e fs.DirEntry) {
	base := path.Base(name)
	if !e.Type().IsRegular() || !strings.HasPrefix(name, "accounts/") || strings.HasPrefix(base, "._") || strings.HasPrefix(base, ".#") {
		return
	}
	if ext := path.Ext(base); base[0] == '.' && (ext == ".yaml" || ext == ".json" || ext == ".xml") {
		r.tree.findings = append(r.tree.findings, policy.Finding{
			File: name, Line: 1, Column: 1, Severity: policy.Warning, Code: "HIDDEN_FILE",
			Message: "a hidden file is not part of the bundle", Remedy: "give it a name that does not begin with a dot, or remove it",
		})
	}
}

func (r *treeReader) file(name string) error {
	if len(r.tree.files) == maxFiles {
		r.full = true
		r.report(name, "TOO_MANY_FILES", fmt.Sprintf("the bundle has more than %d files", maxFiles), "split it among several instances")
		return nil
	}
	// Without blocking, should a pipe have taken the file's place.
	f, err := r.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return unreadable(r, name, err)
	}
	defer func() { _ = f.Close() }()
	r.buffer.Reset()
	_, err = r.buffer.ReadFrom(io.LimitReader(f, maxFile+1))
	if err != nil {
		return unreadable(r, name, err)
	}
	info, err := f.Stat() // not before, or a change while it was read would be unseen
	if err != nil {
		return unreadable(r, name, err)
	}
	r.tree.changed.note(info)
	text := r.buffer.Bytes()
	if len(text) > maxFile {
		r.report(name, "FILE_TOO_LARGE", fmt.Sprintf("the file is larger than %d bytes", maxFile), "split it")
		return nil
	}
	if r.total += int64(len(text)); r.total > maxTotal {
		r.full = true
		r.report(name, "BUNDLE_TOO_LARGE", fmt.Sprintf("the files of the bundle are larger than %d bytes together", maxTotal), "split it among several instances")
		return nil
	}
	read := file{path: name, digest: sha256.Sum256(text)}
	if r.texts {
		read.text = bytes.Clone(text)
	}
	r.tree.files = append(r.tree.files, read)
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

// ignored tells which names are left alone; see the package comment.
func ignored(name string) bool {
	switch {
	case name[0] == '.',
		strings.HasSuffix(name, "~"),
		len(name) > 1 && name[0] == '#' && name[len(name)-1] == '#':
		return true
	}
	stem, ext, _ := strings.Cut(name, ".")
	if stem == "README" {
		return ext != "json" && ext != "yaml"
	}
	switch path.Ext(name) {
	case ".swp", ".swo", ".swx":
		return true
	}
	return false
}
