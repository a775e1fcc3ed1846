//go:build unix

// Package sallyport runs the product as a process of its own.
package sallyport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Site is a folder that Sallyport serves from: sallyport.yaml, the bundle and
// the key file.
type Site struct {
	Directory string

	binary string
}

// NewSite copies source, a folder with sallyport.yaml and a bundle, to
// directory, so that edits do not touch the original.
func NewSite(binary, source, directory string) (*Site, error) {
	if err := os.CopyFS(directory, os.DirFS(source)); err != nil {
		return nil, fmt.Errorf("copying %s: %w", source, err)
	}
	// A copy is readable by all; a key file must not be.
	if err := os.Chmod(filepath.Join(directory, "keys.yaml"), 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &Site{Directory: directory, binary: binary}, nil
}

// Path is a file of the site.
func (s *Site) Path(elements ...string) string {
	return filepath.Join(append([]string{s.Directory}, elements...)...)
}

// Key is an access key of a user.
type Key struct {
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
}

// CreateKey makes an access key with `sallyport keys create`.
func (s *Site) CreateKey(ctx context.Context, account, user string) (Key, error) {
	cmd := exec.CommandContext(ctx, s.binary, "keys", "create",
		"--file", s.Path("keys.yaml"), "--account", account, "--user", user, "--output", "json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return Key{}, fmt.Errorf("sallyport keys create for %s: %w\n%s", user, err, stderr.String())
	}
	var key Key
	if err := json.Unmarshal(out, &key); err != nil {
		return Key{}, fmt.Errorf("sallyport keys create for %s printed no JSON: %w", user, err)
	}
	if key.AccessKeyID == "" || key.SecretAccessKey == "" {
		return Key{}, fmt.Errorf("sallyport keys create for %s printed no key", user)
	}
	return key, nil
}

// Command runs a command of Sallyport and returns what it prints.
func (s *Site) Command(ctx context.Context, args ...string) ([]byte, error) {
	return output(exec.CommandContext(ctx, s.binary, args...))
}

// EnvoyConfig is what `sallyport envoy config` prints for the first door that
// server serves, with further flags.
func (s *Site) EnvoyConfig(ctx context.Context, server *Server, flags ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, s.binary, append([]string{"envoy", "config", "--config", s.Path(server.config)}, flags...)...)
	cmd.Env = append(server.env, "SALLYPORT_LISTEN="+server.Address)
	return output(cmd)
}

// EnvoyCheck is what `sallyport envoy check` prints about a file, with further
// flags; errors that it found are an error.
func (s *Site) EnvoyCheck(ctx context.Context, file string, flags ...string) ([]byte, error) {
	return output(exec.CommandContext(ctx, s.binary, append([]string{"envoy", "check", file}, flags...)...))
}

// output is what a command prints; an error has what it says of it.
func output(cmd *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s: %w\n%s", cmd, err, stderr.String())
	}
	return out, nil
}
