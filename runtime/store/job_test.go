package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

// enqueue adds uploads of a tenant.
func enqueue(t *testing.T, s *store.Store, tenant uuid.UUID, n int) {
	t.Helper()
	err := s.WithTenant(t.Context(), tenant, func(tx *store.Tx) error {
		for range n {
			id := uuid.New()
			u := store.Upload{ID: id, Document: id, ExtMAC: id[:], SentMAC: id[:], Source: uuid.New(), DEK: id, Meta: id[:], CreatedAt: time.Now()}
			tx.AddUpload(u)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func claim(t *testing.T, s *store.Store, after uuid.UUID, most int, lease time.Duration) []store.Job {
	t.Helper()
	jobs, err := s.Claim(t.Context(), []store.JobKind{store.Ingest, store.Purge}, nil, after, most, lease)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

// anHourLater has an hour pass for a tenant's jobs.
func anHourLater(t *testing.T, pg *fixture.Postgres, tenant uuid.UUID) {
	t.Helper()
	pg.Exec(t, `begin; set local session_replication_role = replica;
		update bulkhead.job set run_at = run_at - interval '1 hour' where tenant_id = '`+tenant.String()+`';
		commit`)
}

// A tenant with few jobs waits for one job of each other tenant, however many those have.
func TestTenantsTakeTurns(t *testing.T) {
	s := open(t, fixture.NewPostgres(t))
	tenants := []uuid.UUID{provision(t, s), provision(t, s), provision(t, s)}
	slices.SortFunc(tenants, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	enqueue(t, s, tenants[1], 200)
	for round, waiting := range [][]int{{}, {0}, {2}, {0, 2}} {
		for _, i := range waiting {
			enqueue(t, s, tenants[i], 1)
		}
		last := tenants[1]
		for turn := 0; len(waiting) > 0; turn++ {
			job := claim(t, s, last, 1, time.Hour)[0]
			last = job.Tenant
			waiting = slices.DeleteFunc(waiting, func(i int) bool { return tenants[i] == job.Tenant })
			if turn > 2 {
				t.Fatalf("round %d: still waiting after %d turns: %v", round, turn, waiting)
			}
		}
	}
	if jobs := claim(t, s, uuid.Nil, 10, time.Hour); len(jobs) != 1 || jobs[0].Tenant != tenants[1] {
		t.Errorf("a round takes more than one job of a tenant: %v", jobs)
	}
}

func TestLeaseEndsAndIsRenewed(t *testing.T) {
	pg := fixture.NewPostgres(t)
	s := open(t, pg)
	tenant := provision(t, s)
	enqueue(t, s, tenant, 1)
	first := claim(t, s, uuid.Nil, 1, time.Hour)[0]
	if jobs := claim(t, s, uuid.Nil, 1, time.Hour); len(jobs) > 0 {
		t.Fatalf("claimed twice: %v", jobs)
	}
	anHourLater(t, pg, tenant)
	within := func(fn func(*store.Tx) error) error { return s.WithTenant(t.Context(), tenant, fn) }
	if err := within(func(tx *store.Tx) error { return tx.Renew(t.Context(), first, time.Hour) }); err != nil {
		t.Fatal(err)
	}
	if jobs := claim(t, s, uuid.Nil, 1, time.Hour); len(jobs) > 0 {
		t.Fatalf("claimed though it was renewed: %v", jobs)
	}
	anHourLater(t, pg, tenant)
	second := claim(t, s, uuid.Nil, 1, time.Hour)[0]
	if second.ID != first.ID || second.Attempts != 2 {
		t.Errorf("%+v after %+v", second, first)
	}
	late := map[string]func(*store.Tx) error{
		"renew": func(tx *store.Tx) error { return tx.Renew(t.Context(), first, time.Hour) },
		"hold":  func(tx *store.Tx) error { return tx.Hold(t.Context(), first) },
		"defer": func(tx *store.Tx) error { return tx.Defer(t.Context(), first, 0, true) },
		"fail":  func(tx *store.Tx) error { return tx.Fail(t.Context(), first, "late") },
	}
	for name, act := range late {
		if err := within(act); !errors.Is(err, store.ErrLost) {
			t.Errorf("%s with an ended lease: %v", name, err)
		}
	}
	if err := within(func(tx *store.Tx) error { return tx.Defer(t.Context(), second, 0, false) }); err != nil {
		t.Fatal(err)
	}
	third := claim(t, s, uuid.Nil, 1, time.Hour)[0]
	if third.Attempts != 2 {
		t.Errorf("an attempt that does not count was counted: %+v", third)
	}
	if err := within(func(tx *store.Tx) error { return tx.Fail(t.Context(), third, "document_malformed") }); err != nil {
		t.Fatal(err)
	}
	if jobs := claim(t, s, uuid.Nil, 1, time.Hour); len(jobs) > 0 {
		t.Errorf("a failed job is due: %v", jobs)
	}
}

func TestTenantIsPutOff(t *testing.T) {
	pg := fixture.NewPostgres(t)
	s := open(t, pg)
	tenant, other := provision(t, s), provision(t, s)
	enqueue(t, s, tenant, 3)
	enqueue(t, s, other, 1)
	putOff := func(tx *store.Tx) error { tx.DeferAll(time.Hour); return nil }
	if err := s.WithTenant(t.Context(), tenant, putOff); err != nil {
		t.Fatal(err)
	}
	if jobs := claim(t, s, uuid.Nil, 10, time.Hour); len(jobs) != 1 || jobs[0].Tenant != other {
		t.Errorf("claimed %v", jobs)
	}
	anHourLater(t, pg, tenant)
	if jobs := claim(t, s, uuid.Nil, 10, time.Hour); len(jobs) != 1 || jobs[0].Tenant != tenant {
		t.Errorf("claimed %v", jobs)
	}
}

// What is left out is left to others, and keeps nobody else from their turn.
func TestTenantIsLeftOut(t *testing.T) {
	s := open(t, fixture.NewPostgres(t))
	tenant, other := provision(t, s), provision(t, s)
	enqueue(t, s, tenant, 3)
	enqueue(t, s, other, 1)
	kinds := []store.JobKind{store.Ingest}
	for _, want := range []int{1, 0} {
		jobs, err := s.Claim(t.Context(), kinds, []uuid.UUID{tenant, uuid.New()}, uuid.Nil, 10, time.Hour)
		if err != nil || len(jobs) != want || want > 0 && jobs[0].Tenant != other {
			t.Errorf("claimed %v, %v", jobs, err)
		}
	}
	if jobs := claim(t, s, uuid.Nil, 10, time.Hour); len(jobs) != 1 || jobs[0].Tenant != tenant {
		t.Errorf("claimed %v", jobs)
	}
}

// The queue is written through the door: not for a fenced tenant, and not past a
// mover that is about to fence it.
func TestFencedTenantsKeepTheirJobs(t *testing.T) {
	pg := fixture.NewPostgres(t)
	s := open(t, pg)
	fenced, moving, other := provision(t, s), provision(t, s), provision(t, s)
	for _, tenant := range []uuid.UUID{fenced, moving, other} {
		enqueue(t, s, tenant, 1)
	}
	pg.Exec(t, "update bulkhead.fence set state = 'fenced' where tenant_id = '"+fenced.String()+"'")
	mover := pg.Superuser(t)
	if _, err := mover.Exec(t.Context(), "select pg_advisory_lock(bulkhead.lock_key($1))", moving); err != nil {
		t.Fatal(err)
	}
	if jobs := claim(t, s, uuid.Nil, 10, time.Hour); len(jobs) != 1 || jobs[0].Tenant != other {
		t.Errorf("claimed %v", jobs)
	}
}

// A replica claims no job of a kind that it does not know, and one of a version that could
// not say so none of a later kind: both leave it to who knows how to do it, and find what
// they know behind it.
func TestUnknownJobsAreLeft(t *testing.T) {
	pg := fixture.NewPostgres(t)
	s := open(t, pg)
	pg.Exec(t, "alter table bulkhead.job drop constraint job_kind_check")
	tenants := []uuid.UUID{provision(t, s), provision(t, s)}
	for _, tenant := range tenants {
		pg.Exec(t, `begin; set local session_replication_role = replica;
			insert into bulkhead.job (tenant_id, job_id, kind, ref, run_at) values ('`+tenant.String()+`', gen_random_uuid(), 'later', gen_random_uuid(), now() - interval '1 hour');
			commit`)
	}
	if jobs := claim(t, s, uuid.Nil, 10, time.Hour); len(jobs) != 0 {
		t.Errorf("claimed though it is unknown: %v", jobs)
	}
	var before int
	app := pg.Connect(t, binding.RoleApp)
	if err := app.QueryRow(t.Context(), "select count(*) from bulkhead.claim_jobs($1::uuid, 10, interval '1 hour')", uuid.Nil).Scan(&before); err != nil || before != 0 {
		t.Errorf("a replica of a version before claims %d, %v", before, err)
	}
	enqueue(t, s, tenants[1], 1)
	if jobs := claim(t, s, uuid.Nil, 10, time.Hour); len(jobs) != 1 || jobs[0].Tenant != tenants[1] || jobs[0].Kind != store.Ingest {
		t.Errorf("behind an unknown job: %v", jobs)
	}
	later, err := s.Claim(t.Context(), []store.JobKind{"later"}, nil, uuid.Nil, 10, time.Hour)
	if err != nil || len(later) != len(tenants) || later[0].Attempts != 1 {
		t.Errorf("who knows it claims %v, %v", later, err)
	}
}

// Who logs in as the runtime sees the queue of one tenant at a time, and claims
// by the function only.
func TestQueueIsSeparated(t *testing.T) {
	pg := fixture.NewPostgres(t)
	s := open(t, pg)
	mine, theirs := provision(t, s), provision(t, s)
	enqueue(t, s, mine, 1)
	enqueue(t, s, theirs, 2)
	app := pg.Connect(t, binding.RoleApp)
	var seen int
	if err := app.QueryRow(t.Context(), "select count(*) from bulkhead.job").Scan(&seen); err != nil || seen != 0 {
		t.Errorf("without a tenant: %d jobs, %v", seen, err)
	}
	if _, err := app.Exec(t.Context(), "select set_config('app.current_tenant', $1, false)", mine.String()); err != nil {
		t.Fatal(err)
	}
	if err := app.QueryRow(t.Context(), "select count(*) from bulkhead.job").Scan(&seen); err != nil || seen != 1 {
		t.Errorf("with a tenant: %d jobs, %v", seen, err)
	}
	if _, err := app.Exec(t.Context(), "update bulkhead.job set run_at = now()"); err == nil {
		t.Error("written outside of the door")
	}
	if _, err := app.Exec(t.Context(), "select bulkhead.lease_jobs('{ingest}', $1, 10, interval '1 hour')", uuid.Nil); err != nil {
		t.Fatal(err)
	}
	var setting string
	if err := app.QueryRow(t.Context(), "select current_setting('app.current_tenant')").Scan(&setting); err != nil || setting != mine.String() {
		t.Errorf("claiming left the session with tenant %q, %v", setting, err)
	}
	lane := pg.Connect(t, binding.RoleLane)
	if _, err := lane.Exec(t.Context(), "select bulkhead.lease_jobs('{ingest}', $1, 10, interval '1 hour')", uuid.Nil); err == nil {
		t.Error("the audit writer claims jobs")
	}
}
