// Package certificate is the TLS certificate of a door, read again when its
// files change, and what a client's certificate says.
package certificate

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// checkInterval is how often, at most, the files are looked at.
const checkInterval = time.Second

// Certificate is a key pair that is read again when its files change. A pair
// that does not load leaves the one in force. It is safe for concurrent use.
type Certificate struct {
	certFile, keyFile string
	now               func() time.Time
	logger            *zap.Logger

	current atomic.Pointer[tls.Certificate]
	mu      sync.Mutex
	checked time.Time
	seen    fileState
}

// fileState tells one content of the two files from another.
type fileState struct {
	cert, key         time.Time
	certSize, keySize int64
}

// Load reads a key pair from PEM files. Its error names the file.
func Load(certFile, keyFile string, now func() time.Time, logger *zap.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, now: now, logger: logger}
	state, err := c.stat()
	if err != nil {
		return nil, err
	}
	if err := c.load(); err != nil {
		return nil, err
	}
	c.seen, c.checked = state, now()
	return c, nil
}

// Get is tls.Config.GetCertificate. The files are looked at during a
// handshake, so that no goroutine watches them.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.refresh()
	return c.current.Load(), nil
}

func (c *Certificate) refresh() {
	if !c.mu.TryLock() {
		return
	}
	defer c.mu.Unlock()
	now := c.now()
	if now.Sub(c.checked) < checkInterval {
		return
	}
	c.checked = now
	state, err := c.stat()
	if err == nil && state == c.seen {
		return
	}
	if err == nil {
		err = c.load()
	}
	if err != nil {
		c.logger.Error("the TLS certificate in force is kept", zap.Error(err))
		return
	}
	c.seen = state
	c.logger.Info("the TLS certificate was read again", zap.String("file", c.certFile))
}

func (c *Certificate) stat() (fileState, error) {
	cert, err := os.Stat(c.certFile)
	if err != nil {
		return fileState{}, err
	}
	key, err := os.Stat(c.keyFile)
	if err != nil {
		return fileState{}, err
	}
	return fileState{cert.ModTime(), key.ModTime(), cert.Size(), key.Size()}, nil
}

func (c *Certificate) load() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("loading %s and %s: %w", c.certFile, c.keyFile, err)
	}
	c.current.Store(&pair)
	return nil
}
