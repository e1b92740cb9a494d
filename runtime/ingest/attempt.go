package ingest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/guard"
	"github.com/bulkhead-dev/bulkhead/runtime/parse"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// action is what audit events call the work on a job.
const action = "document.ingest"

// errNotServed: this process may not work for the tenant now.
var errNotServed = errors.New("the tenant is not served here")

// attempt works on a job and says in the queue what came of it.
func (q *Queue) attempt(ctx context.Context, s *store.Store, job store.Job) {
	working, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		q.renew(working, cancel, s, job)
	}()
	err := q.try(working, s, job)
	cancel()
	<-renewed
	if err == nil || errors.Is(err, store.ErrLost) {
		return
	}
	if err := q.settle(ctx, s, job, err); err != nil && !errors.Is(err, store.ErrLost) {
		q.Log.Warn("job not settled, it is due when its lease ends", "tenant", job.Tenant, "job", job.ID, "error", err.Error())
	}
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

// try makes a document of the job's file, in an audited access.
func (q *Queue) try(ctx context.Context, s *store.Store, job store.Job) error {
	t, err := q.served(s, job)
	if err != nil {
		return err
	}
	access, err := t.Lane.Begin(ctx, action, audit.Record{Request: job.ID.String(), Object: job.Ref.String()})
	if err != nil {
		return err
	}
	err = q.ingest(ctx, corpus.Request{Tenant: t, Access: access}, job)
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

func (q *Queue) ingest(ctx context.Context, r corpus.Request, job store.Job) error {
	if job.Attempts > attempts {
		return errDeadly
	}
	file, err := q.Corpus.Claimed(ctx, r, job)
	if err != nil {
		return err
	}
	up, err := Read(ctx, q.Parser, file, min(r.Tenant.Limits.DocumentBytes, corpus.MaxDocument))
	if err != nil {
		return err
	}
	up.Job = &job
	_, _, err = q.Corpus.Put(ctx, r, up)
	return err
}

// errDeadly: nobody who worked on the job before could say what came of it.
var errDeadly = errors.New("every attempt ended without a result")

// notTheFile are errors that tell nothing about a file.
var notTheFile = []error{
	context.Canceled, errNotServed, parse.ErrBusy,
	store.ErrBusy, store.ErrUnavailable, store.ErrUnproven, store.ErrFenced, store.ErrUnprovisioned,
	seal.ErrDenied, seal.ErrUnreachable, audit.ErrUnavailable, audit.ErrBacklog,
}

// settle says in the queue why an attempt failed: for good, or until a later one.
func (q *Queue) settle(ctx context.Context, s *store.Store, job store.Job, cause error) error {
	stopping := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
	defer cancel()
	return s.WithTenant(ctx, job.Tenant, func(tx *store.Tx) error {
		if stopping {
			return tx.Defer(ctx, job, 0, false)
		}
		for _, other := range notTheFile {
			if errors.Is(cause, other) {
				return tx.Defer(ctx, job, q.pause(1), false)
			}
		}
		code, final := refusal(cause)
		if final || job.Attempts >= attempts {
			q.Log.Info("file refused", "tenant", job.Tenant, "job", job.ID, "code", code)
			return tx.Fail(ctx, job, code)
		}
		q.Log.Warn("file not ingested", "tenant", job.Tenant, "job", job.ID, "attempt", job.Attempts, "error", cause.Error())
		return tx.Defer(ctx, job, q.pause(job.Attempts), true)
	})
}

// pause is how long to wait after so many attempts; jitter only shortens.
func (q *Queue) pause(attempts int32) time.Duration {
	pause := q.Retry << (attempts - 1)
	return pause - rand.N(pause/3+1) //nolint:gosec // no secret
}
