package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ErrLost: the job was cancelled, or its lease ended and somebody else has it.
var ErrLost = errors.New("job is no longer ours")

// JobKind is what there is to do.
type JobKind string

// The kinds of jobs.
const (
	Ingest JobKind = "ingest" // make a document of an upload
	Purge  JobKind = "purge"  // rewrite what still holds parts of deleted documents
	Embed  JobKind = "embed"  // make vectors of all documents by the tenant's model
)

// Job is a claimed job. It is lost when its lease ends and nobody renewed it.
type Job struct {
	Tenant   uuid.UUID
	ID       uuid.UUID
	Kind     JobKind
	Ref      uuid.UUID // what it is about
	Lease    uuid.UUID // of this claim
	Attempts int32     // this one included
}

// Claim takes due jobs of the given kinds and leases them: at most one of each tenant, in
// the order of the tenants' ids from the one after the given id on, but for some tenants.
// Those that are fenced keep theirs. Errors: ErrBusy, ErrUnavailable.
func (s *Store) Claim(ctx context.Context, kinds []JobKind, except []uuid.UUID, after uuid.UUID, most int, lease time.Duration) ([]Job, error) {
	conn, err := s.borrow(ctx, forApp)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	rows, err := conn.Query(ctx, "select tenant_id, job_id, kind, ref, lease, attempts from bulkhead.lease_jobs_except($1, $2, $3, $4, $5)",
		kinds, except, after, most, lease)
	if err != nil {
		return nil, s.judge(err)
	}
	jobs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Job])
	return jobs, s.judge(err)
}

// Renew leases a job for longer. Errors: ErrLost.
func (t *Tx) Renew(ctx context.Context, j Job, lease time.Duration) error {
	return t.mine(ctx, `update job set run_at = now() + $4 where tenant_id = $1 and job_id = $2 and lease = $3`, j, lease)
}

// Hold keeps a job from being lost until the transaction ends. Errors: ErrLost.
func (t *Tx) Hold(ctx context.Context, j Job) error {
	return t.mine(ctx, `select from job where tenant_id = $1 and job_id = $2 and lease = $3 for update`, j)
}

// Defer gives a job back, to be claimed after some time. An attempt that could not
// tell anything about the job is not counted. Errors: ErrLost.
func (t *Tx) Defer(ctx context.Context, j Job, after time.Duration, counted bool) error {
	return t.mine(ctx, `update job set lease = null, run_at = now() + $4, attempts = attempts - $5
		where tenant_id = $1 and job_id = $2 and lease = $3`, j, after, boolean(!counted))
}

// DeferAll has no job of the tenant that nobody works on be claimed for some time.
func (t *Tx) DeferAll(after time.Duration) {
	t.write.queue(`update job set run_at = now() + $2
		where tenant_id = $1 and code is null and lease is null and run_at < now() + $2`, t.tenant, after)
}

// The ids of a tenant's only job of a kind.
var (
	purgeJob = uuid.UUID{15: 1}
	embedJob = uuid.UUID{15: 2}
)

// AddPurge has what is deleted now be purged after some time.
func (t *Tx) AddPurge(after time.Duration) { t.addOnce(purgeJob, Purge, after) }

// AddEmbed has the tenant's documents be embedded anew.
func (t *Tx) AddEmbed() { t.addOnce(embedJob, Embed, 0) }

// addOnce adds a job that a tenant has one of at most. Replicas of a version that knew no
// such job may have failed it.
func (t *Tx) addOnce(id uuid.UUID, kind JobKind, after time.Duration) {
	t.write.queue(`insert into job (tenant_id, job_id, kind, ref, run_at) values ($1, $2, $3, $1, now() + $4)
		on conflict (tenant_id, job_id) do update set code = null, attempts = 0 where job.code is not null`,
		t.tenant, id, kind, after)
}

// Finish ends a job that is done. Errors: ErrLost.
func (t *Tx) Finish(ctx context.Context, j Job) error {
	return t.mine(ctx, `delete from job where tenant_id = $1 and job_id = $2 and lease = $3`, j)
}

// Fail ends a job for a reason, and removes the file of its upload. Errors: ErrLost.
func (t *Tx) Fail(ctx context.Context, j Job, code string) error {
	err := t.mine(ctx, `update job set lease = null, code = $4 where tenant_id = $1 and job_id = $2 and lease = $3`, j, code)
	if err != nil {
		return err
	}
	t.write.queue(`delete from blob where tenant_id = $1
		and object_id = (select src_id from upload where tenant_id = $1 and upload_id = $2)`, t.tenant, j.ID)
	t.write.queue(`update upload set src_id = null where tenant_id = $1 and upload_id = $2`, t.tenant, j.ID)
	return nil
}

// mine runs a statement on the job whose lease is held.
func (t *Tx) mine(ctx context.Context, sql string, j Job, args ...any) error {
	done, err := t.write.Exec(ctx, sql, append([]any{t.tenant, j.ID, j.Lease}, args...)...)
	if err == nil && done.RowsAffected() == 0 {
		return ErrLost
	}
	return err
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
