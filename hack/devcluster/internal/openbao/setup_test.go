package openbao

import (
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/bulkhead-dev/bulkhead/hack/devcluster/internal/state"
)

// server is one that init makes keys in; then it unseals itself.
type server struct {
	initialised bool
	init        func(http.ResponseWriter)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/v1/sys/init":
		s.initialised = true
		s.init(w)
	case s.initialised:
		_, _ = io.WriteString(w, `{"initialized":true}`)
	default:
		_, _ = io.WriteString(w, `{}`)
	}
}

// clusterOf is a cluster with a server that answers in place of OpenBao.
func clusterOf(t *testing.T, s *server) state.Cluster {
	t.Helper()
	listening := httptest.NewTLSServer(s)
	t.Cleanup(listening.Close)
	cluster := state.Cluster{Name: "x", Dir: t.TempDir()}
	if err := os.MkdirAll(cluster.Path("openbao", "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: listening.Certificate().Raw})
	port := listening.Listener.Addr().(*net.TCPAddr).Port
	if err := errors.Join(os.WriteFile(cluster.VaultCA(), ca, 0o600), cluster.Save(state.Settings{Name: "x", VaultPort: port})); err != nil {
		t.Fatal(err)
	}
	return cluster
}

func TestInitialise(t *testing.T) {
	s := &server{init: func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"root_token":"s.root"}`) }}
	cluster := clusterOf(t, s)
	for range 2 {
		if err := Initialise(t.Context(), cluster, io.Discard); err != nil {
			t.Fatal(err)
		}
		if token, err := os.ReadFile(cluster.VaultToken()); err != nil || string(token) != "s.root\n" {
			t.Fatalf("kept %q, %v", token, err)
		}
	}
	if err := os.Remove(cluster.VaultToken()); err != nil {
		t.Fatal(err)
	}
	if err := Initialise(t.Context(), cluster, io.Discard); err == nil || errors.Is(err, ErrHalfDone) {
		t.Errorf("a token that somebody has removed: %v; want an error that does not let the data be removed", err)
	}
}

// TestInitialiseKilled: the keys are made, and the answer with the token is lost.
func TestInitialiseKilled(t *testing.T) {
	s := &server{init: func(http.ResponseWriter) { panic(http.ErrAbortHandler) }}
	cluster := clusterOf(t, s)
	if err := Initialise(t.Context(), cluster, io.Discard); err == nil {
		t.Fatal("no error without an answer")
	}
	if err := Initialise(t.Context(), cluster, io.Discard); !errors.Is(err, ErrHalfDone) {
		t.Fatalf("the next time: %v; want %v", err, ErrHalfDone)
	}
	client, err := Open(cluster)
	if err != nil {
		t.Fatal(err)
	}
	if client.Ready(t.Context()) == nil {
		t.Error("ready, though nobody can configure it")
	}
	if err := os.WriteFile(cluster.Path("openbao", "data", "keyring"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Empty(cluster); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(cluster.Path("openbao", "data")); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	s.initialised, s.init = false, func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"root_token":"s.root"}`) }
	if err := Initialise(t.Context(), cluster, io.Discard); err != nil {
		t.Errorf("with its data removed: %v", err)
	}
}

func TestSealKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seal-key")
	if err := os.WriteFile(path, nil, 0o600); err != nil { // by one that was killed
		t.Fatal(err)
	}
	var keys [2]string
	for i := range keys {
		if err := makeSealKey(path); err != nil {
			t.Fatal(err)
		}
		key, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = string(key)
	}
	if len(keys[0]) != 32 || keys[0] != keys[1] {
		t.Errorf("keys of %d and %d bytes; want one of 32, made once", len(keys[0]), len(keys[1]))
	}
}
