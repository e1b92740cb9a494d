package upload

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// screen counts the lines that are written, and tells when the awaited one is.
type screen struct {
	await string

	mu    sync.Mutex
	shown chan struct{} // nil once it was
	lines int
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if string(p) == s.await && s.shown != nil {
		close(s.shown)
		s.shown = nil
	}
	s.lines++
	return len(p), nil
}

func (s *screen) count() (lines int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines
}

// While a file is being sent, somebody who waits is told how far the others are.
func TestProgressIsTold(t *testing.T) {
	dir := tree(t, map[string]string{"a.md": strings.Repeat("a", 3<<20), "large.txt": "refuse", "slow.md": "slow"})
	var s standIn
	o := options(t, &s, dir)
	told := make(chan struct{})
	progress := &screen{await: "1 of 3 files through, 1 being read, 1 failed, 3 of 3 MiB sent\n", shown: told}
	o.Progress, o.Report = progress, time.Millisecond
	holding := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/slow.md") {
			select {
			case <-told:
			case <-time.After(20 * time.Second):
				t.Error("nobody is told")
			}
		}
		s.ServeHTTP(w, r)
	}))
	defer holding.Close()
	o.URL = holding.URL
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	lines := progress.count()
	time.Sleep(20 * o.Report)
	if after := progress.count(); after != lines {
		t.Errorf("%d lines are told after the end", after-lines)
	}
}
