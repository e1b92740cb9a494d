package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	headerTimeout = 5 * time.Second
	bodyTimeout   = 90 * time.Second // to read a request, and to write a response
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10
)

// Listener is one port with its handler.
type Listener struct {
	net.Listener
	server *http.Server
}

// Listen opens a port. With a directory that holds a TLS key pair it speaks
// TLS, else plain HTTP.
func Listen(address, tlsDir string, handler http.Handler, log *slog.Logger) (*Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: bodyTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	if tlsDir != "" {
		switch _, err := os.Stat(filepath.Join(tlsDir, "tls.crt")); {
		case err == nil:
			pair, err := newCertificate(tlsDir)
			if err != nil {
				return nil, errors.Join(err, l.Close())
			}
			s.TLSConfig = &tls.Config{GetCertificate: pair.get, MinVersion: tls.VersionTLS12}
		case !errors.Is(err, fs.ErrNotExist): // never fall back to plain HTTP by mistake
			return nil, errors.Join(fmt.Errorf("certificate: %w", err), l.Close())
		}
	}
	return &Listener{Listener: l, server: s}, nil
}

// Run serves until Shutdown.
func (l *Listener) Run() error {
	var err error
	if l.server.TLSConfig != nil {
		err = l.server.ServeTLS(l.Listener, "", "")
	} else {
		err = l.server.Serve(l.Listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown takes no more connections and waits for the requests in flight.
func (l *Listener) Shutdown(ctx context.Context) error { return l.server.Shutdown(ctx) }
