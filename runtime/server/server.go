package server

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
	"github.com/bulkhead-dev/bulkhead/runtime/ingest"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
)

// Server answers the tenants' requests.
type Server struct {
	Keys    *guard.Authenticator
	Limits  *guard.Limits
	Corpus  *corpus.Corpus
	Parser  *parse.Parser
	Queue   *ingest.Queue
	Metrics *Metrics
	Log     *slog.Logger

	// QueueLength is how many uploads of one tenant may wait.
	QueueLength int64
	// Patience is how far a client may fall behind the pace at which it must
	// send and receive.
	Patience time.Duration
}

// workTimeout bounds the work for one request, without the time in which its
// body arrives and between the pieces of its response.
const workTimeout = 60 * time.Second

// Handler serves all routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range Routes() {
		mux.HandleFunc(r.Pattern, func(w http.ResponseWriter, req *http.Request) { s.handle(r, w, req) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) { s.handle(unknownRoute, w, req) })
	return mux
}

// handle runs a request and takes account of it.
func (s *Server) handle(r Route, w http.ResponseWriter, req *http.Request) {
	start := time.Now()
	x := newExchange(s, r, w, req)
	defer func() { x.stopWork() }()
	w.Header().Set("X-Request-Id", x.id)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	defer x.end() // a panic too leaves a result behind its intent
	if err := s.serve(x); err != nil {
		x.fail(err)
	}
	s.Metrics.observe(r.Name, x.status, time.Since(start))
	s.Log.Info("request", "request", x.id, "route", r.Name, "tenant", x.tenantID(), "key", x.caller.KeyID,
		"status", x.status, "code", x.code, "elapsed_ms", time.Since(start).Milliseconds())
}

// serve takes a request through what all routes have in common.
func (s *Server) serve(x *exchange) error {
	leave, err := s.Limits.Enter()
	if err != nil {
		return err
	}
	defer leave()
	if x.route.Class == Public {
		return x.route.serve(x)
	}
	if err := x.authenticate(x.r.Context()); err != nil {
		return err
	}
	allowance, err := s.Limits.Take(x.caller.Tenant)
	x.allowance(allowance)
	if err != nil {
		return err
	}
	done, err := s.Limits.Hold(x.caller.Tenant)
	if err != nil {
		return err
	}
	defer done()
	if err := x.admit(); err != nil {
		return err
	}
	if x.route.Class == None { // else begin confirms the key
		if err := x.confirm(); err != nil {
			return err
		}
	}
	return x.route.serve(x)
}
