package server

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// certificate serves the key pair of a mounted TLS Secret and follows its
// renewal: the files are read again when their time changed.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	changed time.Time
	loaded  *tls.Certificate
}

// newCertificate reads tls.crt and tls.key in a directory.
func newCertificate(dir string) (*certificate, error) {
	c := &certificate{certFile: filepath.Join(dir, "tls.crt"), keyFile: filepath.Join(dir, "tls.key")}
	_, err := c.get(nil)
	return c, err
}

// get is tls.Config.GetCertificate. A pair that does not load leaves the last
// good one in use.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.certFile)
	if err == nil && !info.ModTime().Equal(c.changed) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile); err == nil {
			c.loaded, c.changed = &pair, info.ModTime()
		}
	}
	if c.loaded == nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	return c.loaded, nil
}
