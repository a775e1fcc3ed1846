// Package fleet runs what the data path is measured with, as processes of their
// own: a store, what stands before it, and Sallyport.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// readyWithin is how long a process may take until it accepts connections.
const readyWithin = 20 * time.Second

// Fleet is the processes that were started together.
type Fleet struct {
	// Directory holds what they need; it is removed at the end.
	Directory string

	home     string // the module e2e, which builds programs
	ending   []func()
	versions []string
	stores   []int // their process ids
}

// New makes an empty fleet that needs room for some bytes of files: in memory
// where there is room, so that no disk is measured, else in the directory for
// temporary files.
func New(need int64) (*Fleet, error) {
	home, err := process.Module()
	if err != nil {
		return nil, err
	}
	for _, parent := range []string{"/dev/shm", os.TempDir()} {
		var there unix.Statfs_t
		if unix.Statfs(parent, &there) != nil || int64(there.Bavail)*int64(there.Bsize) < need { //nolint:unconvert // their types depend on the platform
			continue
		}
		if directory, err := os.MkdirTemp(parent, "sallyport-bench-"); err == nil {
			return &Fleet{Directory: directory, home: home}, nil
		}
	}
	return nil, fmt.Errorf("neither /dev/shm nor %s takes %d MiB of files", os.TempDir(), need>>20)
}

// Close ends all processes, the last first, and removes their files.
func (f *Fleet) Close() error {
	for i := len(f.ending) - 1; i >= 0; i-- {
		f.ending[i]()
	}
	f.ending = nil
	return os.RemoveAll(f.Directory)
}

// Root is the checkout.
func (f *Fleet) Root() string { return filepath.Join(f.home, "..") }

// Folder makes a folder of the fleet's.
func (f *Fleet) Folder(name string) (string, error) {
	path := filepath.Join(f.Directory, name)
	return path, os.MkdirAll(path, 0o755)
}

// Store starts versitygw, which keeps its connections.
func (f *Fleet) Store(ctx context.Context) (*store.Store, error) {
	binary, err := f.build(ctx, process.Store(f.home))
	if err != nil {
		return nil, err
	}
	f.usesBuilt("versitygw", binary)
	folder, err := f.Folder("store")
	if err != nil {
		return nil, err
	}
	s, err := store.Start(ctx, store.Options{Binary: binary, Directory: folder})
	if err != nil {
		return nil, err
	}
	f.ending = append(f.ending, s.Kill)
	f.stores = append(f.stores, s.PID())
	return s, nil
}

// PeerProgram builds a program of bench/peer.
func (f *Fleet) PeerProgram(ctx context.Context, name string) (path string, err error) {
	return f.build(ctx, process.Binary{
		Name: "bench-" + name, Module: filepath.Join(f.home, "..", "bench"), Package: "./peer/" + name,
	})
}

// Peer starts a program of bench/peer with -listen and further arguments.
func (f *Fleet) Peer(ctx context.Context, name string, arguments ...string) (*Server, error) {
	binary, err := f.PeerProgram(ctx, name)
	if err != nil {
		return nil, err
	}
	address, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	return f.start(ctx, process.Spec{Path: binary, Args: append([]string{"-listen", address}, arguments...)}, address)
}

func (f *Fleet) build(ctx context.Context, b process.Binary) (string, error) {
	return process.Build(ctx, process.NewProgress(os.Stderr), b)
}

// Server is a process of the fleet that listens.
type Server struct {
	// Addresses it accepts connections at.
	Addresses []string

	process *process.Process
}

// PID is the process id.
func (s *Server) PID() int { return s.process.PID() }

// start starts a process and waits until it listens everywhere.
func (f *Fleet) start(ctx context.Context, spec process.Spec, addresses ...string) (*Server, error) {
	spec.Env = append(spec.Env, "PATH="+os.Getenv("PATH"), "HOME="+f.Directory)
	p, err := process.Start(spec)
	if err != nil {
		return nil, err
	}
	f.ending = append(f.ending, func() { _ = p.Stop(3 * time.Second) })
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for _, address := range addresses {
		if err := listening(ctx, p, address); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(spec.Path), err)
		}
	}
	return &Server{Addresses: addresses, process: p}, nil
}

func listening(ctx context.Context, p *process.Process, address string) error {
	for {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.Done():
			return errors.New("it ended: " + p.Ending())
		case <-ctx.Done():
			return fmt.Errorf("nobody listens at %s: %s", address, p.Tail())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
