//go:build unix

package sallyport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/process"
)

// readyWithin is how long Sallyport may take until it is ready.
const readyWithin = 20 * time.Second

// stopWithin is how long a graceful stop may take before the process is
// killed; the configurations used here drain faster.
const stopWithin = 20 * time.Second

// Upstream is the store that a configuration names by environment variables.
type Upstream struct {
	Endpoint, AccessKeyID, SecretAccessKey string
}

// Options say how to serve a site.
type Options struct {
	// Config is the configuration's file name within the site; empty is
	// sallyport.yaml.
	Config string
	// Upstream fills STORE_ENDPOINT and its like.
	Upstream Upstream
	// Env is added to the environment, as NAME=value.
	Env []string
	// Output gets the log; may be nil.
	Output io.Writer
}

// Server is a running Sallyport.
type Server struct {
	// Endpoint is the URL of the first door, Address its authority.
	Endpoint, Address string
	// Admin is the URL of the admin listener.
	Admin string

	process *process.Process
	// config and env are those that it was started with.
	config string
	env    []string
}

// Start serves the site and waits until it is ready.
func (s *Site) Start(ctx context.Context, o Options) (*Server, error) {
	admin, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	config := o.Config
	if config == "" {
		config = "sallyport.yaml"
	}
	env := append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + s.Directory,
		"GOCOVERDIR=" + os.Getenv("GOCOVERDIR"),
		"SALLYPORT_LISTEN=127.0.0.1:0",
		"SALLYPORT_ADMIN_LISTEN=" + admin,
		"STORE_ENDPOINT=" + o.Upstream.Endpoint,
		"STORE_ACCESS_KEY_ID=" + o.Upstream.AccessKeyID,
		"STORE_SECRET_ACCESS_KEY=" + o.Upstream.SecretAccessKey,
	}, o.Env...)
	p, err := process.Start(process.Spec{
		Path: s.binary,
		Args: []string{"serve", "--config", s.Path(config)},
		Dir:  s.Directory, Env: env, Output: o.Output,
	})
	if err != nil {
		return nil, err
	}
	server := &Server{Admin: "http://" + admin, process: p, config: config, env: env}
	if err := server.ready(ctx); err != nil {
		p.Kill()
		return nil, err
	}
	return server, nil
}

func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		status, _, err := s.get(ctx, "/readyz")
		if err == nil && status == http.StatusOK {
			break
		}
		select {
		case <-s.process.Done():
			return fmt.Errorf("sallyport ended before it was ready: %s", s.process.Ending())
		case <-ctx.Done():
			return fmt.Errorf("sallyport was not ready within %s; its last words:\n%s", readyWithin, s.process.Tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
	now, err := s.Status(ctx)
	if err != nil {
		return err
	}
	if len(now.Doors) == 0 {
		return errors.New("sallyport's /status lists no door")
	}
	s.Address = now.Doors[0].Address
	s.Endpoint = "http://" + s.Address
	return nil
}

// Status is what /status says, as far as the tests read it.
type Status struct {
	Bundle struct {
		Revision   string `json:"revision"`
		Generation uint64 `json:"generation"`
		LastError  string `json:"last_error"`
	} `json:"bundle"`
	Doors []struct {
		Name    string `json:"name"`
		Address string `json:"address"`
	} `json:"doors"`
}

// Status asks the admin listener.
func (s *Server) Status(ctx context.Context) (Status, error) {
	var out Status
	code, body, err := s.get(ctx, "/status")
	if err != nil {
		return out, err
	}
	if code != http.StatusOK {
		return out, fmt.Errorf("/status answers %d: %s", code, body)
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, fmt.Errorf("/status: %w: %s", err, body)
	}
	return out, nil
}

// Await polls /status until it satisfies holds, or ctx ends.
func (s *Server) Await(ctx context.Context, holds func(Status) bool) (Status, error) {
	for {
		now, err := s.Status(ctx)
		if err == nil && holds(now) {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return now, fmt.Errorf("waiting for /status (last revision %q, generation %d, error %q): %w",
				now.Bundle.Revision, now.Bundle.Generation, now.Bundle.LastError, errors.Join(ctx.Err(), err))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Metrics is what /metrics says.
func (s *Server) Metrics(ctx context.Context) (string, error) {
	_, body, err := s.get(ctx, "/metrics")
	return string(body), err
}

func (s *Server) get(ctx context.Context, path string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Admin+path, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// Signal sends a signal to the process.
func (s *Server) Signal(signal os.Signal) error { return s.process.Signal(signal) }

// Done is closed when the process has ended.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Err says how the process ended, after it has.
func (s *Server) Err() error { return s.process.Err() }

// Stop drains and ends the process; an exit code other than 0 is an error.
func (s *Server) Stop() error {
	if err := s.process.Stop(stopWithin); err != nil {
		return fmt.Errorf("stopping sallyport: %w; its last words:\n%s", err, s.process.Tail())
	}
	return nil
}

// Kill ends the process at once, as the kernel does when memory is short.
func (s *Server) Kill() { s.process.Kill() }

// PID is the process id.
func (s *Server) PID() int { return s.process.PID() }

// Log is the last of what the process logged.
func (s *Server) Log() string { return s.process.Tail() }
