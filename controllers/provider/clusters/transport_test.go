package clusters

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// TestGuard: one request without an answer is enough; after it none goes out,
// and every caller hears at once, until the probe closes the breaker.
func TestGuard(t *testing.T) {
	var served, told atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		_, _ = io.WriteString(w, "hello")
	}))
	var open atomic.Bool
	client := &http.Client{Transport: &guard{next: http.DefaultTransport, open: &open, failed: func() { told.Add(1) }}}
	ask := func() error {
		response, err := client.Get(server.URL)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err == nil && string(body) != "hello" {
			t.Errorf("body = %q", body)
		}
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	server.CloseClientConnections()
	_ = server.Listener.Close()
	if err := ask(); err == nil || errors.Is(err, errOffline) {
		t.Fatalf("the first request to a dead cluster: %v", err)
	}
	for range 100 {
		if err := ask(); !errors.Is(err, errOffline) {
			t.Fatalf("a later request: %v", err)
		}
	}
	if served.Load() != 1 || told.Load() != 1 {
		t.Errorf("%d requests served and %d failures told, want one each", served.Load(), told.Load())
	}
}

// TestGuardIgnoresTheCallersOwnDeadline: a caller that gave up says nothing of the cluster.
func TestGuardIgnoresTheCallersOwnDeadline(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	var open atomic.Bool
	client := &http.Client{Timeout: 1, Transport: &guard{next: http.DefaultTransport, open: &open, failed: func() { t.Error("told") }}}
	if response, err := client.Get(server.URL); err == nil {
		_ = response.Body.Close()
		t.Fatal("it answered")
	}
	if open.Load() {
		t.Error("the breaker opened")
	}
}
