package load

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	minio "github.com/minio/pkg/v3/policy"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

// Cost is what loading cost.
type Cost struct {
	// Parse is the time to read the texts, Compile that to make documents of
	// them, attach them to principals and index the sets.
	Parse, Compile time.Duration
	// Heap is what stays in memory, in bytes.
	Heap int
}

// Whole is the time of all of it.
func (c Cost) Whole() time.Duration { return c.Parse + c.Compile }

// FromTexts loads a population from its texts. Principals with the same
// policies share them, and one library attaches all, as it does for a bundle.
func FromTexts(p Population) (Cost, error) {
	texts := p.Texts()
	var cost Cost
	parsed := make([]*policy.Document, len(texts))
	compiled := make([]*authz.Document, len(texts))
	callers := make([]*authz.Caller, p.Principals)
	heap, err := growth(func() error {
		start := time.Now()
		for i, text := range texts {
			var findings []policy.Finding
			parsed[i], findings = policy.Parse(policy.Identity, "p.json", text)
			if parsed[i] == nil {
				return fmt.Errorf("rejected: %v", findings[0])
			}
		}
		cost.Parse = time.Since(start)
		start = time.Now()
		for i, d := range parsed {
			compiled[i] = authz.Compile(d)
		}
		var library authz.Library
		sets := make([]*authz.Policies, p.Sets)
		for i := range sets {
			documents := make([]*authz.Document, 0, p.Attached)
			for _, k := range p.Set(i) {
				documents = append(documents, compiled[k])
			}
			sets[i] = library.Policies(documents...)
		}
		for i := range callers {
			callers[i] = &authz.Caller{Type: authz.User, Account: account, Identity: sets[p.SetOf(i)]}
		}
		cost.Compile = time.Since(start)
		return nil
	})
	runtime.KeepAlive(callers)
	runtime.KeepAlive(compiled) // as a bundle keeps those that nobody has attached
	runtime.KeepAlive(texts)
	cost.Heap = heap
	return cost, err
}

// FromBundle loads a population from the files of a bundle, which it writes to a
// directory of its own. All of the time is in Parse.
func FromBundle(p Population) (Cost, error) {
	directory, err := os.MkdirTemp("", "sallyport-bench-")
	if err != nil {
		return Cost{}, err
	}
	defer func() { _ = os.RemoveAll(directory) }()
	files, keys := filepath.Join(directory, "bundle"), filepath.Join(directory, "keys.yaml")
	if err := p.WriteBundle(files, keys); err != nil {
		return Cost{}, err
	}
	return FromFiles(files, keys)
}

// FromFiles loads a bundle that lies in a directory. All of the time is in Parse.
func FromFiles(files, keys string) (Cost, error) {
	var cost Cost
	var snapshot *bundle.Snapshot
	heap, err := growth(func() error {
		start := time.Now()
		var findings []policy.Finding
		snapshot, findings = bundle.Load(bundle.Options{Directory: files, KeyFiles: []string{keys}})
		cost.Parse = time.Since(start)
		if snapshot == nil {
			return fmt.Errorf("rejected: %v", findings[0])
		}
		return nil
	})
	runtime.KeepAlive(snapshot)
	cost.Heap = heap
	return cost, err
}

// MinIO has minio/pkg read the texts, which is all there is to do for it.
func MinIO(p Population) (Cost, error) {
	texts := p.Texts()
	parsed := make([]*minio.Policy, len(texts))
	var cost Cost
	heap, err := growth(func() error {
		start := time.Now()
		for i, text := range texts {
			var err error
			if parsed[i], err = minio.ParseConfig(bytes.NewReader(text)); err != nil {
				return err
			}
		}
		cost.Parse = time.Since(start)
		return nil
	})
	runtime.KeepAlive(parsed)
	runtime.KeepAlive(texts)
	cost.Heap = heap
	return cost, err
}

// growth tells how many bytes a function leaves in memory.
func growth(f func() error) (int, error) {
	before := live()
	if err := f(); err != nil {
		return 0, err
	}
	return live() - before, nil
}

func live() int {
	runtime.GC()
	runtime.GC() // what finalizers and pools held goes with the second
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
