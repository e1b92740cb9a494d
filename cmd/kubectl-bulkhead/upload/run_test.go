package upload

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// standIn behaves as the runtime's API does: it reads a file when it is asked how far
// it is, refuses every fifth request for now, and files that say so for good.
type standIn struct {
	mu        sync.Mutex
	requests  int
	documents map[string]string // contents by name
	waiting   map[string]string
	failed    map[string]bool
	types     map[string]string
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	s.requests++
	switch {
	case r.Header.Get("Authorization") != "Bearer secret":
		s.refuse(w, http.StatusUnauthorized, "invalid_api_key")
	case s.requests%5 == 0:
		w.Header().Set("Retry-After", "0")
		s.refuse(w, http.StatusTooManyRequests, "rate_limit_exceeded")
	case r.Method == http.MethodGet:
		s.list(w, r.URL.Query().Get("status"))
	case string(body) == "refuse":
		s.refuse(w, http.StatusRequestEntityTooLarge, "document_too_large")
	default:
		s.put(w, r, string(body))
	}
}

func (s *standIn) refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]reason{"error": {Code: code, Message: "do something"}})
}

func (s *standIn) put(w http.ResponseWriter, r *http.Request, body string) {
	name := strings.TrimPrefix(r.URL.Path, "/v1/documents/")
	s.types[name] = r.Header.Get("Content-Type")
	status := "completed"
	if s.documents[name] != body {
		status = "in_progress"
		s.waiting[name] = body
		delete(s.failed, name)
		w.WriteHeader(http.StatusAccepted)
	}
	_ = json.NewEncoder(w).Encode(document{ID: "id of " + name, ExternalID: name, Status: status})
}

func (s *standIn) list(w http.ResponseWriter, status string) {
	var page struct {
		Data []document `json:"data"`
	}
	for name, body := range s.waiting {
		if status == "in_progress" {
			page.Data = append(page.Data, document{ID: "id of " + name, Status: status})
		}
		if s.failed[name] = body == "fail"; !s.failed[name] {
			s.documents[name] = body
		}
		delete(s.waiting, name)
	}
	for name, failed := range s.failed {
		if failed && status == "failed" {
			page.Data = append(page.Data, document{ID: "id of " + name, LastError: &reason{"document_malformed", "save it anew"}})
		}
	}
	_ = json.NewEncoder(w).Encode(page)
}

// tree makes a directory with files, by their paths and contents.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func options(t *testing.T, s *standIn, paths ...string) Options {
	t.Helper()
	s.documents, s.waiting, s.failed, s.types = map[string]string{}, map[string]string{}, map[string]bool{}, map[string]string{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	key := filepath.Join(tree(t, map[string]string{"key": "secret\n"}), "key")
	return Options{Tenant: "acme", URL: server.URL, KeyFile: key, Paths: paths, Concurrency: 3, Out: io.Discard, Progress: io.Discard, Report: time.Hour}
}

func TestRun(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.md": "a", "sub/b.HTML": "b", "sub/c d.pdf": "fail", "large.txt": "refuse",
		".hidden.md": "x", ".git/x.md": "x", "picture.png": "x", "noextension": "x",
	})
	var s standIn
	o := options(t, &s, dir)
	got, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	failures := []Failure{{"large.txt", "document_too_large", "do something"}, {"sub/c d.pdf", "document_malformed", "save it anew"}}
	want := &Summary{Completed: 2, Skipped: 2, Failures: failures}
	var text bytes.Buffer
	if err := got.Text(&text); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(text.String(), "failed  sub/c d.pdf  document_malformed: save it anew\n") || strings.Contains(text.String(), "secret") {
		t.Errorf("%s", text.String())
	}
	if diff := cmp.Diff(map[string]string{"a.md": "a", "sub/b.HTML": "b"}, s.documents); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	if s.types["sub/b.HTML"] != "text/html" || s.types["a.md"] != "text/markdown" {
		t.Errorf("types: %v", s.types)
	}
	// Again: what is there is not read again, what failed is.
	if got, err = Run(t.Context(), o); err != nil || got.Unchanged != 2 || got.Completed != 0 || len(got.Failures) != 2 {
		t.Errorf("again: %+v, %v", got, err)
	}
}

func TestDryRun(t *testing.T) {
	dir := tree(t, map[string]string{"a.md": "a", "x.png": "x"})
	var out bytes.Buffer
	got, err := Run(t.Context(), Options{Paths: []string{dir, filepath.Join(dir, "a.md")}, DryRun: true, Out: &out})
	if err == nil {
		t.Errorf("two files of one name: %+v", got)
	}
	got, err = Run(t.Context(), Options{Paths: []string{filepath.Join(dir, "a.md")}, Prefix: "p/", DryRun: true, Out: &out})
	if err != nil || got.Planned != 1 || out.String() != "p/a.md\ttext/markdown\t1 bytes\n" {
		t.Errorf("%+v, %v, %q", got, err, out.String())
	}
}

func TestWrongKeyAndWrongServer(t *testing.T) {
	dir := tree(t, map[string]string{"a.md": "a"})
	var s standIn
	o := options(t, &s, dir)
	o.KeyFile = filepath.Join(dir, "a.md")
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "invalid_api_key") {
		t.Errorf("wrong key: %v", err)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	o.URL = other.URL
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "--url") {
		t.Errorf("wrong server: %v", err)
	}
}
