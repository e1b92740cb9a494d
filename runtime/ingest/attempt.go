package ingest

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// actions are what audit events call the work on jobs.
var actions = map[store.JobKind]string{store.Ingest: "document.ingest", store.Purge: "index.purge", store.Embed: "index.embed"}

// kinds are those of jobs that this process works on. What it does not know is left to
// replicas of a version that does.
var kinds = slices.Collect(maps.Keys(actions))

var (
	// errNotServed: this process may not work for the tenant now.
	errNotServed = errors.New("the tenant is not served here")
	// errEmbedding: this process embeds the documents of as many tenants as it may.
	errEmbedding = errors.New("the documents of other tenants are being embedded")
)

// attempt works on a job, for so long at most, and says in the queue what came of it.
func (q *Queue) attempt(ctx context.Context, s *store.Store, job store.Job, timeout time.Duration) {
	working, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		q.renew(working, cancel, s, job)
	}()
	err := q.try(working, s, job)
	cancel()
	<-renewed
	switch {
	case err == nil:
		q.count(job, "completed")
		return
	case errors.Is(err, store.ErrLost):
		q.count(job, "lost")
		return
	}
	q.settle(ctx, s, job, err)
}

// renew keeps the lease until the context ends, and ends it when the job is lost.
func (q *Queue) renew(ctx context.Context, cancel context.CancelFunc, s *store.Store, job store.Job) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(q.Lease / 3):
		}
		err := s.WithTenant(ctx, job.Tenant, func(tx *store.Tx) error { return tx.Renew(ctx, job, q.Lease) })
		if errors.Is(err, store.ErrLost) {
			cancel()
			return
		}
	}
}

// try does what there is to do, in an audited access.
func (q *Queue) try(ctx context.Context, s *store.Store, job store.Job) error {
	t, err := q.served(s, job)
	if err != nil {
		return err
	}
	access, err := t.Lane.Begin(ctx, actions[job.Kind], audit.Record{Request: job.ID.String(), Object: job.Ref.String()})
	if err != nil {
		return err
	}
	err = q.do(ctx, corpus.Request{Caller: principal.Tenant(), Tenant: t, Access: access}, job)
	if err != nil {
		code, _ := refusal(err)
		access.End(http.StatusUnprocessableEntity, code)
		return err
	}
	access.End(http.StatusOK, "")
	return nil
}

// served is the job's tenant, if it may be worked for out of this database.
func (q *Queue) served(s *store.Store, job store.Job) (*tenants.Tenant, error) {
	t, known := q.Tenants.Lookup(job.Tenant)
	if !known || t.Store != s {
		return nil, errNotServed
	}
	if guard.Contain(t, true) != nil {
		return nil, errNotServed
	}
	return t, t.Keys.Check()
}

func (q *Queue) do(ctx context.Context, r corpus.Request, job store.Job) error {
	switch job.Kind {
	case store.Purge:
		return q.Corpus.Purge(ctx, r, job)
	case store.Embed:
		return q.Corpus.Embed(ctx, r, job, func() bool { return q.stays(r.Tenant, job) })
	}
	return q.ingest(ctx, r, job)
}

// stays reports whether a tenant may be worked for still, and has the model that it had.
func (q *Queue) stays(t *tenants.Tenant, job store.Job) bool {
	now, err := q.served(t.Store, job)
	return err == nil && now.Models.Embedder == t.Models.Embedder
}

// ingest makes a document of the job's file.
func (q *Queue) ingest(ctx context.Context, r corpus.Request, job store.Job) error {
	if job.Attempts > attempts {
		return errDeadly
	}
	file, err := q.Corpus.Claimed(ctx, r, job)
	if err != nil {
		return err
	}
	turn := func(ctx context.Context) (func(), error) { return q.Limits.Parse(ctx, r.Tenant) }
	up, err := Read(ctx, q.Parser, turn, file, min(r.Tenant.Limits.DocumentBytes, corpus.MaxDocument))
	if err != nil {
		return err
	}
	up.Job = &job
	_, _, err = q.Corpus.Put(ctx, r, up)
	return err
}

// errDeadly: nobody who worked on the job before could say what came of it.
var errDeadly = errors.New("every attempt ended without a result")

// Errors that tell nothing about a file: those of one attempt, those that every other file
// of the tenant would meet here, and those that each would meet everywhere.
var (
	notTheFile = []error{errEmbedding, guard.ErrIngests, corpus.ErrRoom, context.Canceled, parse.ErrBusy, store.ErrBusy, store.ErrUnavailable, audit.ErrUnavailable, audit.ErrBacklog}
	notHere    = []error{errNotServed, store.ErrUnproven, seal.ErrUnreachable}
	theTenant  = []error{store.ErrFenced, store.ErrUnprovisioned, seal.ErrDenied}
)

func is(err error, of []error) bool {
	return slices.ContainsFunc(of, func(one error) bool { return errors.Is(err, one) })
}

// longer is how many times as long a tenant is left alone as a file.
const longer = 6

// settle says in the queue why an attempt failed: for good, or until a later one.
func (q *Queue) settle(ctx context.Context, s *store.Store, job store.Job, cause error) {
	stopping := ctx.Err() != nil
	if is(cause, notHere) {
		q.turns.leave(queueOf{s, job.Tenant}, longer*q.pause(1))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
	defer cancel()
	err := s.WithTenant(ctx, job.Tenant, func(tx *store.Tx) error {
		if stopping {
			return tx.Defer(ctx, job, 0, false)
		}
		return q.decide(ctx, tx, job, cause)
	})
	if err != nil && !errors.Is(err, store.ErrLost) {
		q.Log.Warn("job not settled, it is due when its lease ends", "tenant", job.Tenant, "job", job.ID, "error", err.Error())
	}
}

// decide chooses what becomes of a job after an attempt that failed.
func (q *Queue) decide(ctx context.Context, tx *store.Tx, job store.Job, cause error) error {
	code, final := refusal(cause)
	switch {
	case is(cause, theTenant):
		q.count(job, "put_off")
		if err := tx.Defer(ctx, job, 0, false); err != nil {
			return err
		}
		tx.DeferAll(longer * q.pause(1))
		return nil
	case is(cause, notHere):
		q.count(job, "put_off")
		return tx.Defer(ctx, job, 0, false)
	case is(cause, notTheFile):
		q.count(job, "put_off")
		return tx.Defer(ctx, job, q.pause(1), false)
	case job.Kind != store.Ingest: // it has no end but success
		q.count(job, "failed")
		q.Log.Warn("job failed, it is tried again", "tenant", job.Tenant, "kind", job.Kind, "attempt", job.Attempts, "error", cause.Error())
		return tx.Defer(ctx, job, q.pause(min(job.Attempts, attempts)), true)
	case final || job.Attempts >= attempts:
		q.count(job, "refused")
		q.Log.Info("file refused", "tenant", job.Tenant, "job", job.ID, "code", code)
		return tx.Fail(ctx, job, code)
	}
	q.count(job, "failed")
	q.Log.Warn("file not ingested", "tenant", job.Tenant, "job", job.ID, "attempt", job.Attempts, "error", cause.Error())
	return tx.Defer(ctx, job, q.pause(job.Attempts), true)
}

func (q *Queue) count(job store.Job, result string) {
	q.attempts.WithLabelValues(string(job.Kind), result).Inc()
}

// pause is how long to wait after so many attempts; jitter only shortens.
func (q *Queue) pause(attempts int32) time.Duration {
	pause := q.Retry << (attempts - 1)
	return pause - rand.N(pause/3+1) //nolint:gosec // no secret
}
