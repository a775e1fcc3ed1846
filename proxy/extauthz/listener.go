package extauthz

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

func listen(o *Options) (net.Listener, error) {
	if o.Socket == "" {
		return net.Listen("tcp", o.Address)
	}
	return listenSocket(o.Socket, o.SocketMode)
}

// socket is a listener on a Unix socket that removes its file in the end.
type socket struct {
	*net.UnixListener
	path  string
	close func() error // does it once
}

// listenSocket makes a socket in the place of one that nobody listens on any
// more. It is made beside its path and gets its mode before it is moved there,
// so that at no time more may connect than the mode says.
func listenSocket(path string, mode fs.FileMode) (net.Listener, error) {
	if err := vacant(path); err != nil {
		return nil, err
	}
	made := filepath.Join(filepath.Dir(path), "."+rand.Text()[:8])
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	err = os.Chmod(made, mode)
	if err == nil {
		err = os.Rename(made, path)
	}
	if err != nil {
		_ = os.Remove(made)
		_ = listener.Close()
		return nil, err
	}
	return &socket{listener, path, sync.OnceValue(func() error { return errors.Join(listener.Close(), os.Remove(path)) })}, nil
}

// vacant tells whether a socket can be made at a path: nothing is there, or a
// socket that a process left behind.
func vacant(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there already and is no socket: remove it, or name another path", path)
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		_ = conn.Close()
		return fmt.Errorf("another process listens on %s: stop it, or name another path", path)
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Addr is the path of the socket.
func (s *socket) Addr() net.Addr { return &net.UnixAddr{Name: s.path, Net: "unix"} }

// Close removes the socket.
func (s *socket) Close() error { return s.close() }
