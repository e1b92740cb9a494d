package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/server"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

// served is the certificate that a listener shows.
func served(t *testing.T, l *server.Listener) *x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true}) // which one is the question
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}

func TestRenewedCertificateIsServed(t *testing.T) {
	dir, renewed := fixture.NewTLSDir(t), fixture.NewTLSDir(t)
	l, err := server.Listen("127.0.0.1:0", dir, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = l.Run() }()
	defer func() { _ = l.Shutdown(context.Background()) }()
	first := served(t, l)
	copyFile(t, renewed, dir, "tls.key")
	if !served(t, l).Equal(first) {
		t.Error("half a renewal changed the certificate")
	}
	copyFile(t, renewed, dir, "tls.crt")
	if err := os.Chtimes(filepath.Join(dir, "tls.crt"), time.Time{}, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if served(t, l).Equal(first) {
		t.Error("the old certificate is still served")
	}
}

func copyFile(t *testing.T, from, to, name string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(from, name))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, name), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestHalfATLSDirectoryIsRefused(t *testing.T) {
	dir := fixture.NewTLSDir(t)
	if err := os.Remove(filepath.Join(dir, "tls.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Listen("127.0.0.1:0", dir, http.NotFoundHandler(), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("listens without a key")
	}
}
