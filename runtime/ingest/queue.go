package ingest

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// Config is what a Queue works with.
type Config struct {
	Tenants *tenants.Set
	Corpus  *corpus.Corpus
	Parser  *parse.Parser
	Limits  *guard.Limits
	Metrics prometheus.Registerer
	Log     *slog.Logger

	Workers int64         // files that are worked on at a time
	Lease   time.Duration // of a job, after which another process may take it over
	Poll    time.Duration // between two looks into a database, unless there is something to do
	Retry   time.Duration // before the second attempt; it doubles with every other
}

const (
	// attempts is how often a job is tried that may be at fault itself.
	attempts = 5
	// workTimeout bounds one attempt, embedTimeout one at embedding all documents anew.
	workTimeout  = 5 * time.Minute
	embedTimeout = time.Hour
	// embedTenants is how many tenants' documents are embedded anew at a time.
	embedTenants = 4
	// claimTimeout bounds one look into a database.
	claimTimeout = 5 * time.Second
)

// Queue works on the jobs of the databases that this process serves tenants of.
type Queue struct {
	Config
	free     *semaphore.Weighted // workers
	turns    *turns
	embedder *semaphore.Weighted // of embedTenants
	wake     chan struct{}
	work     sync.WaitGroup
	attempts *prometheus.CounterVec
}

// NewQueue makes a Queue; Run works on it.
func NewQueue(c Config) *Queue {
	q := &Queue{Config: c, free: semaphore.NewWeighted(c.Workers), turns: newTurns(c.Workers), embedder: semaphore.NewWeighted(embedTenants), wake: make(chan struct{}, 1)}
	q.attempts = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bulkhead_ingest_attempts_total",
		Help: "Attempts at queued jobs, by kind (ingest: of an upload; purge: of what was deleted; embed: all documents anew) and result: completed; refused, for good; failed, to be tried again; put_off, for no reason of the file; lost, cancelled or taken over.",
	}, []string{"kind", "result"})
	c.Metrics.MustRegister(q.attempts)
	return q
}

// Wake has the Queue look for jobs at once.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Run works until the context ends, then gives back the jobs that it has.
func (q *Queue) Run(ctx context.Context) {
	defer q.work.Wait()
	last := map[*store.Store]uuid.UUID{} // the tenant whose turn was last
	for ctx.Err() == nil {
		claimed := false
		var stores []*store.Store
		if q.Tenants.Ready() == nil { // else a tenant that is not known yet would be put off
			stores = q.Tenants.Stores()
		}
		for _, s := range stores {
			claimed = q.claim(ctx, s, last) || claimed
		}
		maps.DeleteFunc(last, func(s *store.Store, _ uuid.UUID) bool { return !slices.Contains(stores, s) })
		if claimed {
			continue
		}
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-time.After(q.Poll - rand.N(q.Poll/4+1)): //nolint:gosec // no secret
		}
	}
}

// claim waits for a worker and gives it the job whose turn it is in a database.
func (q *Queue) claim(ctx context.Context, s *store.Store, last map[*store.Store]uuid.UUID) bool {
	if s.Check() != nil || q.free.Acquire(ctx, 1) != nil {
		return false
	}
	// Not cancelled: a claim whose answer is lost costs its job a lease.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
	defer cancel()
	jobs, err := s.Claim(limited, kinds, q.turns.except(s), last[s], 1, q.Lease)
	if err != nil && !is(err, notTheFile) {
		q.Log.Warn("no job claimed", "error", err.Error())
	}
	if len(jobs) == 0 {
		q.free.Release(1)
		return false
	}
	last[s] = jobs[0].Tenant
	q.begin(ctx, s, jobs[0])
	return true
}

// begin works on a job. Models that take their time over all documents of some tenants keep
// no worker from the others.
func (q *Queue) begin(ctx context.Context, s *store.Store, job store.Job) {
	if job.Kind == store.Embed && q.embedder.TryAcquire(1) {
		q.free.Release(1)
		q.work.Go(func() {
			defer q.embedder.Release(1)
			q.attempt(ctx, s, job, embedTimeout)
		})
		return
	}
	end := q.turns.begin(queueOf{s, job.Tenant})
	q.work.Go(func() {
		defer q.Wake() // its tenant may have had all workers that it may
		defer q.free.Release(1)
		defer end()
		if job.Kind == store.Embed {
			q.settle(ctx, s, job, errEmbedding)
			return
		}
		q.attempt(ctx, s, job, workTimeout)
	})
}
