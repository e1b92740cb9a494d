package envtest

import (
	"context"
	"errors"
	"net/http"
	"slices"
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
	made   []string // every call: writes, live reads and those to Vault
	writes []string
	reads  []string
	judge  func(call string) fate // what becomes of the operator at a call; nil: it lives
	dead   bool

	life context.Context // ends when the operator dies
	end  context.CancelFunc
}

func newWire() *wire {
	life, end := context.WithCancel(context.Background())
	return &wire{life: life, end: end}
}

// mortal is a context that ends with the operator: a dead one waits for nothing.
func (w *wire) mortal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	keep := context.AfterFunc(w.life, cancel)
	return ctx, func() { keep(); cancel() }
}

// fate is what becomes of the operator at a call.
type fate int

const (
	lives fate = iota
	diesBefore
	diesAfter // the call has its effect
)

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) { return w.carry(w.next, "", r) }

// carry carries a request to a cluster: the hub, or one that has a name.
func (w *wire) carry(next http.RoundTripper, cluster string, r *http.Request) (*http.Response, error) {
	if isList(r) {
		if w.isDead() {
			return nil, errKilled
		}
		return next.RoundTrip(r)
	}
	found := w.begin(r.Method + " " + cluster + r.URL.Path)
	if found == diesBefore {
		w.end()
		return nil, errKilled
	}
	response, err := next.RoundTrip(r)
	if found == diesAfter {
		w.end()
		if err == nil {
			_ = response.Body.Close()
		}
		return nil, errKilled
	}
	return response, err
}

// vaultCall begins the calls to Vault.
const vaultCall = "VAULT "

// call is one call to the fake of Vault: before it has its effect and after.
func (w *wire) call(name string, applied bool) error {
	if !applied && w.begin(vaultCall+name) != diesBefore {
		return nil
	}
	if w.isDead() {
		w.end()
		return errKilled
	}
	return nil
}

func (w *wire) begin(call string) fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return diesBefore
	}
	w.made = append(w.made, call)
	switch {
	case strings.HasPrefix(call, vaultCall):
	case isRead(call):
		w.reads = append(w.reads, call)
	default:
		w.writes = append(w.writes, call)
	}
	if w.judge == nil {
		return lives
	}
	found := w.judge(call)
	w.dead = found != lives
	return found
}

func isRead(call string) bool { return strings.HasPrefix(call, http.MethodGet+" ") }

func (w *wire) isDead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead
}

// arm has every call from now judged.
func (w *wire) arm(judge func(call string) fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.judge = judge
}

// forget starts counting anew.
func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made, w.writes, w.reads = nil, nil, nil
}

// calls are all that were made.
func (w *wire) calls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.made)
}

func (w *wire) seen() (writes, reads []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.writes), slices.Clone(w.reads)
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
