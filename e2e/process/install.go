//go:build unix

package process

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Installed is a folder of the user's cache into which commands installed, once
// for each version of the interpreter and each content of the files that pin
// what is installed.
func Installed(name, interpreter string, pins []string, commands func(home string) [][]string) (home string, err error) {
	known, err := exec.Command(interpreter, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", interpreter, err)
	}
	for _, pin := range pins {
		text, err := os.ReadFile(pin)
		if err != nil {
			return "", err
		}
		known = append(known, text...)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(known)
	home = filepath.Join(cache, "sallyport-e2e", name+"-"+hex.EncodeToString(sum[:6]))
	ready := filepath.Join(home, "ready")
	unlock, err := lock(home + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(ready); err == nil {
		return home, nil
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return "", err
	}
	for _, command := range commands(home) {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	return home, os.WriteFile(ready, nil, 0o644)
}

// lock keeps other runs out until unlock is called.
func lock(path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return func() { file.Close() }, nil
}
