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
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// tree is what a directory held when it was read.
type tree struct {
	// real is the directory itself, without symbolic links: a change of it
	// alone is an atomic swap.
	real string
	// directories are those of the tree: what must be watched to see the next
	// change.
	directories []directory
	files       []file // sorted by path
	findings    []policy.Finding
	changed     lastChange // of all that was read
	// elsewhere tells that what was seen to change may have changed where it was not
	// looked, too.
	elsewhere bool
}

// directory is one that is watched.
type directory struct {
	real string
	info fs.FileInfo
}

// file is one file of the tree.
type file struct {
	path   string // relative to the directory, with slashes
	text   []byte
	digest [sha256.Size]byte
	// omitted tells that the text is not there: it need not have been read.
	omitted bool
}

// revision is the digest of the content; see the package comment.
func (t *tree) revision(p *pace) string {
	h := sha256.New()
	var line []byte
	for i := range t.files {
		f := &t.files[i]
		line = hex.AppendEncode(line[:0], f.digest[:])
		line = append(append(append(line, "  "...), f.path...), '\n')
		_, _ = h.Write(line)
		_ = p.step()
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// texts says which texts a reading keeps.
type texts int

const (
	noTexts    texts = iota // digests are enough
	newTexts                // those of which nothing was built yet
	everything              // all, and nothing is taken to be as it was
)

// treeReader reads one directory. Everything is read through handles of it:
// nothing outside is reached, and a directory that is replaced meanwhile is read
// to its end as it was.
type treeReader struct {
	ctx    context.Context
	pace   *pace
	root   *os.Root
	tree   *tree
	memory *memory
	total  int
	full   bool // a limit over all files is reached
	texts  texts
	// doubt counts the directories on the way whose entries were listed again: all below
	// is looked at.
	doubt int
	// buffer is what each text is read into.
	buffer bytes.Buffer
}

// readTree reads a directory, of which memory is what was read before. What is wrong
// with its files is in the findings; an error tells that there is nothing to look at.
func readTree(ctx context.Context, p *pace, directory string, known *memory, texts texts) (*tree, error) {
	t := &tree{}
	r := &treeReader{ctx: ctx, pace: p, tree: t, memory: known, texts: texts}
	began, after := known.now()
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
	known.begin(t.real, began, after)
	if info, err := r.root.Lstat("."); err == nil {
		s, ok := stampOf(info)
		known.device, known.trust = s.device, ok && texts != everything && tellsChanges(r.root)
	}
	if err := r.directory(r.root, known.top, 0); err != nil {
		known.forget()
		return t, fmt.Errorf("the bundle cannot be read: %w", err)
	}
	if r.full {
		known.forget() // directories that were not looked at are not watched
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
	if info, err := r.root.Lstat("."); err == nil {
		r.tree.directories = append(r.tree.directories, directory{r.tree.real, info})
	}
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
func (r *treeReader) directory(root *os.Root, f *folder, depth int) error {
	info, err := root.Lstat(".")
	if err != nil {
		return err
	}
	if now, told := stampOf(info); !f.sure || !told || now != f.stamp || !r.memory.trust {
		if err := r.list(root, f); err != nil {
			return err
		}
		// Not before, or a change while it was listed would be unseen.
		if info, err = root.Lstat("."); err != nil {
			return err
		}
		now, told = stampOf(info)
		f.stamp, f.sure = now, r.memory.sure(now, told)
		r.memory.elsewhere = r.memory.elsewhere || now.device != r.memory.device
		// Something else may stand here, or have been elsewhere meanwhile, of which no
		// events told.
		r.doubt++
		defer func() { r.doubt-- }()
	}
	f.info = info
	return r.entries(root, f, depth)
}

// entries takes what a directory holds into the tree. Without a root nothing of it need
// be looked at.
func (r *treeReader) entries(root *os.Root, f *folder, depth int) error {
	r.tree.directories = append(r.tree.directories, directory{f.real, f.info})
	r.tree.changed.note(f.info)
	for _, e := range f.entries {
		err := r.step()
		if err != nil {
			return err
		}
		switch {
		case r.full:
			return nil
		case ignored(e.name):
			r.hidden(e)
		case e.kind == fs.ModeDir && depth == maxDepth:
			r.report(e.path, "TOO_DEEP", fmt.Sprintf("the directory is more than %d levels deep", maxDepth), "keep to the layout of a bundle")
		case e.kind == fs.ModeDir:
			err = r.inner(root, f, e, depth)
		case e.kind == fs.ModeSymlink:
			r.report(e.path, "SYMBOLIC_LINK", "a symbolic link is not followed inside a bundle",
				"put the file itself here; the bundle's directory as a whole may be a link")
		case e.kind != 0:
			r.report(e.path, "NOT_A_FILE", "neither a file nor a directory", "remove it")
		default:
			err = r.file(root, f, e)
		}
		// What has gone since the directory was listed is not there: the
		// second reading of a plain directory sees to it.
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// step takes turns with requests; an error tells that the reading is to end.
func (r *treeReader) step() error {
	if err := r.pace.step(); err != nil {
		return err
	}
	return r.ctx.Err()
}

// list reads what a directory holds.
func (r *treeReader) list(root *os.Root, f *folder) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	var all []fs.DirEntry
	for {
		const some = 256
		found, err := d.ReadDir(some)
		all = append(all, found...)
		if errors.Is(err, io.EOF) {
			f.list(all)
			return nil
		}
		if err == nil {
			err = r.step()
		}
		if err != nil {
			return err
		}
	}
}

// inner reads a directory of a directory.
func (r *treeReader) inner(root *os.Root, f *folder, e *entry, depth int) error {
	if r.doubt == 0 && r.memory.calmBelow(e.folder, r.texts) {
		return r.entries(nil, e.folder, depth+1)
	}
	// The dot lets nothing but a directory be opened: a pipe would block.
	inner, err := root.OpenRoot(e.name + "/.")
	if err != nil {
		return err
	}
	defer func() { _ = inner.Close() }()
	if e.folder == nil {
		e.folder = &folder{path: e.path, real: filepath.Join(f.real, e.name)}
	}
	return r.directory(inner, e.folder, depth+1)
}

// hidden warns of what was surely meant to be read.
func (r *treeReader) hidden(e *entry) {
	if e.kind != 0 || !strings.HasPrefix(e.path, "accounts/") || strings.HasPrefix(e.name, "._") || strings.HasPrefix(e.name, ".#") {
		return
	}
	if ext := path.Ext(e.name); e.name[0] == '.' && (ext == ".yaml" || ext == ".json" || ext == ".xml") {
		r.tree.findings = append(r.tree.findings, policy.Finding{
			File: e.path, Line: 1, Column: 1, Severity: policy.Warning, Code: "HIDDEN_FILE",
			Message: "a hidden file is not part of the bundle", Remedy: "give it a name that does not begin with a dot, or remove it",
		})
	}
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
