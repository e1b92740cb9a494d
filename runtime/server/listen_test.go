package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
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

// serve runs a listener with TLS until the test ends.
func serve(t *testing.T, dir string, handler http.Handler) *server.Listener {
	t.Helper()
	l, err := server.Listen("127.0.0.1:0", dir, handler, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = l.Run() }()
	t.Cleanup(func() { _ = l.Shutdown(context.Background()) })
	return l
}

func TestRenewedCertificateIsServed(t *testing.T) {
	dir, renewed := fixture.NewTLSDir(t), fixture.NewTLSDir(t)
	l := serve(t, dir, http.NotFoundHandler())
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

// TestStreamThatIsSilentIsNotCut: the deadline for what was written passes before there is
// more to write, also by TLS and to a client that would rather speak HTTP/2.
func TestStreamThatIsSilentIsNotCut(t *testing.T) {
	const patience = 2 * time.Second
	l := serve(t, fixture.NewTLSDir(t), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		for range 2 {
			until := time.Now().Add(patience)
			_ = control.SetWriteDeadline(until)
			fmt.Fprintln(w, r.Proto)
			_ = control.Flush()
			<-time.After(time.Until(until) + patience/4)
		}
		_ = control.SetWriteDeadline(time.Now().Add(patience))
	}))
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // the server is not in doubt
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get("https://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if want := "HTTP/1.1\nHTTP/1.1\n"; err != nil || string(said) != want {
		t.Errorf("got %q, want %q, %v", said, want, err)
	}
}
