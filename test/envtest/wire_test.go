package envtest

import (
	"errors"
	"net/http"
	"strings"
	"sync"
)

// errKilled is what a killed process would have seen of its next call: nothing.
var errKilled = errors.New("the operator was killed")

// wire is the operator's connection to the API server. It counts the writes and
// the live reads, and can kill the operator at a chosen call.
type wire struct {
	next http.RoundTripper

	mu     sync.Mutex
	calls  int
	writes []string
	reads  []string
	killAt int  // the number of the call at which the operator dies; 0: never
	after  bool // whether that call still has its effect
	dead   bool
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if isList(r) {
		if w.isDead() {
			return nil, errKilled
		}
		return w.next.RoundTrip(r)
	}
	dies, effective := w.begin(r)
	if dies && !effective {
		return nil, errKilled
	}
	response, err := w.next.RoundTrip(r)
	if dies {
		if err == nil {
			_ = response.Body.Close()
		}
		return nil, errKilled
	}
	return response, err
}

// call is one call of another kind, such as to Vault: before it has its effect
// and after. It is how a fake shares the count.
func (w *wire) call(applied bool) error {
	if applied {
		if w.isDead() {
			return errKilled
		}
		return nil
	}
	if dies, effective := w.begin(nil); dies && !effective {
		return errKilled
	}
	return nil
}

func (w *wire) begin(r *http.Request) (dies, effective bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return true, false
	}
	w.calls++
	if r != nil {
		what := r.Method + " " + r.URL.Path
		if r.Method == http.MethodGet {
			w.reads = append(w.reads, what)
		} else {
			w.writes = append(w.writes, what)
		}
	}
	if w.killAt != 0 && w.calls == w.killAt {
		w.dead = true
		return true, w.after
	}
	return false, false
}

func (w *wire) isDead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead
}

// arm makes the operator die at its n-th call from now.
func (w *wire) arm(n int, after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls, w.killAt, w.after = 0, n, after
}

// forget starts counting anew.
func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls, w.writes, w.reads = 0, nil, nil
}

func (w *wire) seen() (writes, reads []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.writes...), append([]string(nil), w.reads...)
}

// isList is a cache filling or following itself, or the client learning the API:
// no call that the reconcilers make.
func isList(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	q := r.URL.Query()
	if q.Get("watch") != "" || q.Get("resourceVersion") != "" || q.Get("limit") != "" || q.Get("sendInitialEvents") != "" {
		return true
	}
	path := strings.Trim(r.URL.Path, "/")
	parts := strings.Split(path, "/")
	return path == "api" || path == "apis" || (parts[0] == "api" && len(parts) == 2) || (parts[0] == "apis" && len(parts) <= 3)
}
