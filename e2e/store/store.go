//go:build unix

// Package store runs a real S3 store, versitygw with its POSIX backend, as a
// process of its own.
package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sallyport-iam/sallyport/e2e/process"
)

// The store's root keys: what Sallyport signs with, and no client of it knows.
const (
	AccessKeyID     = "STOREROOTEXAMPLE"
	SecretAccessKey = "store/root/EXAMPLEKEY"
	Region          = "us-east-1"
)

// readyWithin is how long the store may take to answer.
const readyWithin = 20 * time.Second

// stopWithin is how long a store may take to end when asked.
const stopWithin = 20 * time.Second

// Options say how to run the store.
type Options struct {
	// Binary is the versitygw program.
	Binary string
	// Directory holds the store's files. It exists and is empty at first;
	// another Start with the same one finds the buckets again.
	Directory string
	// Versioning lets buckets keep versions.
	Versioning bool
	// Users lets the store have users besides root, made by its own admin
	// interface.
	Users bool
	// AccessKeyID and SecretAccessKey are root's keys; empty means those of the
	// package.
	AccessKeyID, SecretAccessKey string
	// Address is where to listen; empty picks a free loopback port.
	Address string
	// Output gets what the store prints; may be nil.
	Output io.Writer
}

// Store is a running store.
type Store struct {
	// Endpoint is its URL.
	Endpoint string
	// Address is the authority of Endpoint.
	Address string
	// Objects is the folder that holds a folder for each bucket.
	Objects string

	process *process.Process
}

// Start starts a store and waits until it answers.
func Start(ctx context.Context, o Options) (*Store, error) {
	address := o.Address
	if address == "" {
		var err error
		if address, err = process.FreeAddress(); err != nil {
			return nil, err
		}
	}
	arguments, objects, err := arguments(o, address)
	if err != nil {
		return nil, err
	}
	p, err := process.Start(process.Spec{
		Path: o.Binary,
		Args: arguments,
		Dir:  o.Directory,
		Env: []string{
			"PATH=" + os.Getenv("PATH"),
			"HOME=" + o.Directory,
			"ROOT_ACCESS_KEY_ID=" + cmp.Or(o.AccessKeyID, AccessKeyID),
			"ROOT_SECRET_ACCESS_KEY=" + cmp.Or(o.SecretAccessKey, SecretAccessKey),
		},
		Output: o.Output,
	})
	if err != nil {
		return nil, err
	}
	s := &Store{Endpoint: "http://" + address, Address: address, Objects: objects, process: p}
	if err := s.ready(ctx); err != nil {
		p.Kill()
		return nil, err
	}
	return s, nil
}

func arguments(o Options, address string) (args []string, objects string, err error) {
	folder := func(name string) string {
		path := filepath.Join(o.Directory, name)
		if err == nil {
			err = os.MkdirAll(path, 0o755)
		}
		return path
	}
	objects = folder("objects")
	args = []string{
		"--port", address,
		"--region", Region,
		"--health", "/health",
		"--quiet",
		// Without it the store closes the connection after each answer.
		"--keep-alive",
	}
	if o.Users {
		args = append(args, "--iam-dir", folder("users"))
	}
	args = append(args, "posix")
	if o.Versioning {
		args = append(args, "--versioning-dir", folder("versions"))
	}
	if err == nil {
		if reason := attributesMissing(objects); reason != nil {
			// The store keeps metadata in extended attributes; where the file
			// system has none it can keep them beside the objects.
			args = append(args, "--sidecar", folder("metadata"))
		}
	}
	return append(args, objects), objects, err
}

func (s *Store) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint+"/health", nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(req); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.process.Done():
			return fmt.Errorf("the store ended before it answered: %s", s.process.Ending())
		case <-ctx.Done():
			return fmt.Errorf("the store did not answer at %s within %s; its last words:\n%s", s.Endpoint, readyWithin, s.process.Tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Client calls the store directly as root: what tests look behind Sallyport with.
func (s *Store) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(s.Endpoint),
		Region:       Region,
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider(AccessKeyID, SecretAccessKey, ""),
	})
}

// Clear removes all buckets, whatever protects what is in them.
func (s *Store) Clear() error {
	home := filepath.Dir(s.Objects)
	for _, folder := range []string{s.Objects, filepath.Join(home, "versions"), filepath.Join(home, "metadata")} {
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, entry := range entries {
			if err := os.RemoveAll(filepath.Join(folder, entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Stop ends the store.
func (s *Store) Stop() error {
	if err := s.process.Stop(stopWithin); err != nil {
		return errors.Join(fmt.Errorf("stopping the store: %w", err), errors.New(s.process.Tail()))
	}
	return nil
}

// Kill ends the store without a word to its clients, as a crash does.
func (s *Store) Kill() { s.process.Kill() }

// PID is the store's process id.
func (s *Store) PID() int { return s.process.PID() }
