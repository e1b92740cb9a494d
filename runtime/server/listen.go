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

	// farewell is the end of a shutdown: what is still in flight then is ended, and has
	// this long to tell its client.
	farewell = 3 * time.Second
)

// Listener is one port with its handler.
type Listener struct {
	net.Listener
	server *http.Server
	leave  context.CancelCauseFunc // ends the contexts of all requests
}

// Listen opens a port. With a directory that holds a TLS key pair it speaks
// TLS, else plain HTTP: HTTP/1.1 in either case, since in HTTP/2 a deadline that passes
// resets its stream for good, though nothing is being read or written.
func Listen(address, tlsDir string, handler http.Handler, log *slog.Logger) (*Listener, error) {
	port, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	requests, leave := context.WithCancelCause(context.Background())
	l := &Listener{Listener: port, leave: leave, server: &http.Server{
		Handler: handler, Protocols: protocols, BaseContext: func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: bodyTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
	if tlsDir != "" {
		switch _, err := os.Stat(filepath.Join(tlsDir, "tls.crt")); {
		case err == nil:
			pair, err := newCertificate(tlsDir)
			if err != nil {
				return nil, errors.Join(err, port.Close())
			}
			l.server.TLSConfig = &tls.Config{GetCertificate: pair.get, MinVersion: tls.VersionTLS12}
		case !errors.Is(err, fs.ErrNotExist): // never fall back to plain HTTP by mistake
			return nil, errors.Join(fmt.Errorf("certificate: %w", err), port.Close())
		}
	}
	return l, nil
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

// Shutdown takes no more connections and waits for the requests in flight. Shortly before
// the context's deadline it ends them, each with an answer that says so.
func (l *Listener) Shutdown(ctx context.Context) error {
	if end, bounded := ctx.Deadline(); bounded {
		last := time.AfterFunc(time.Until(end)-farewell, func() { l.leave(errLeaving) })
		defer last.Stop()
	}
	return l.server.Shutdown(ctx)
}
