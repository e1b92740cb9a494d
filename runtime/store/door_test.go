package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

func TestClosedFenceRefusesWritesAndNotReads(t *testing.T) {
	pg := fixture.NewPostgres(t)
	s := open(t, pg)
	tenant, other := provision(t, s), provision(t, s)
	pg.Exec(t, "update bulkhead.fence set state = 'fenced' where tenant_id = '"+tenant.String()+"'")
	if err := s.WithTenant(t.Context(), tenant, nothing); !errors.Is(err, store.ErrFenced) {
		t.Errorf("write to a fenced tenant: %v", err)
	}
	if err := s.WithTenant(t.Context(), other, nothing); err != nil {
		t.Errorf("write to another tenant: %v", err)
	}
	if generation(t, s, tenant) != 0 {
		t.Error("read of a fenced tenant")
	}
	if err := s.Provision(t.Context(), tenant, 9, nil); err != nil {
		t.Errorf("provision again: %v", err)
	}
	if err := s.WithTenant(t.Context(), tenant, nothing); !errors.Is(err, store.ErrFenced) {
		t.Errorf("provisioning opened the fence: %v", err)
	}
}

func TestFenceWaitsForWritersInFlight(t *testing.T) {
	pg := fixture.NewPostgres(t)
	s := open(t, pg)
	tenant := provision(t, s)
	inside, finish := make(chan struct{}), make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		err := s.WithTenant(context.Background(), tenant, func(*store.Tx) error {
			close(inside)
			<-finish
			return nil
		})
		if err != nil {
			t.Errorf("writer in flight: %v", err)
		}
	})
	<-inside
	mover := pg.Superuser(t)
	var locked bool
	lock := "select pg_try_advisory_lock(bulkhead.lock_key($1))"
	if err := mover.QueryRow(t.Context(), lock, tenant).Scan(&locked); err != nil || locked {
		t.Fatalf("the mover got the lock beside a writer: %v %v", locked, err)
	}
	close(finish)
	writer.Wait()
	if err := mover.QueryRow(t.Context(), lock, tenant).Scan(&locked); err != nil || !locked {
		t.Fatalf("the mover did not get the lock: %v %v", locked, err)
	}
	// A writer that waited for the mover's lock sees the fence it set.
	writer.Go(func() {
		if err := s.WithTenant(context.Background(), tenant, nothing); !errors.Is(err, store.ErrFenced) {
			t.Errorf("writer that waited: %v", err)
		}
	})
	awaited(t, mover)
	if _, err := mover.Exec(t.Context(), "update bulkhead.fence set state = 'fenced' where tenant_id = $1", tenant); err != nil {
		t.Fatal(err)
	}
	if _, err := mover.Exec(t.Context(), "select pg_advisory_unlock(bulkhead.lock_key($1))", tenant); err != nil {
		t.Fatal(err)
	}
	writer.Wait()
}

// awaited returns when somebody waits for the mover's lock. The mover asks, as who waits may
// give up before another connection is made.
func awaited(t *testing.T, mover *pgx.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for waits := false; !waits; {
		err := mover.QueryRow(ctx, "select exists (select from pg_locks where locktype = 'advisory' and not granted)").Scan(&waits)
		if err != nil {
			t.Fatalf("nobody waits: %v", err)
		}
	}
}

// A connection that is cut while a statement waits is an outage, and not the statement's
// fault; the next one does.
func TestConnectionIsCutInAStatement(t *testing.T) {
	pg := fixture.NewPostgres(t)
	tenant := provision(t, open(t, pg))
	relay := fixture.NewRelay(t, pg)
	relay.Open(t)
	cfg := pg.Config()
	cfg.Host = relay.Address
	s, err := store.Open(t.Context(), cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	mover := pg.Superuser(t)
	if _, err := mover.Exec(t.Context(), "select pg_advisory_lock(bulkhead.lock_key($1))", tenant); err != nil {
		t.Fatal(err)
	}
	cut := make(chan error)
	go func() { cut <- s.WithTenant(context.Background(), tenant, nothing) }()
	awaited(t, mover)
	relay.Cut()
	if err := <-cut; !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("cut: %v", err)
	}
	if _, err := mover.Exec(t.Context(), "select pg_advisory_unlock(bulkhead.lock_key($1))", tenant); err != nil {
		t.Fatal(err)
	}
	relay.Open(t)
	if err := s.WithTenant(t.Context(), tenant, nothing); err != nil {
		t.Errorf("after the cut: %v", err)
	}
}

func TestClassify(t *testing.T) {
	for name, test := range map[string]struct {
		err         error
		unavailable bool
	}{
		"closed":      {fmt.Errorf("receive: %w", io.ErrUnexpectedEOF), true},
		"reset":       {fmt.Errorf("receive: %w", &net.OpError{Op: "read", Err: syscall.ECONNRESET}), true},
		"shut down":   {&pgconn.PgError{Code: "57P01"}, true},
		"given up":    {fmt.Errorf("%w: %w", context.Canceled, io.ErrUnexpectedEOF), false},
		"a refusal":   {&pgconn.PgError{Code: "42501"}, false},
		"nothing":     {nil, false},
		"another one": {io.EOF, false},
	} {
		if got := store.Classify(test.err); errors.Is(got, store.ErrUnavailable) != test.unavailable {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestUnprovisionedTenant(t *testing.T) {
	pg := fixture.NewPostgres(t)
	s := open(t, pg)
	if err := s.WithTenant(t.Context(), uuid.New(), nothing); !errors.Is(err, store.ErrUnprovisioned) {
		t.Errorf("write: %v", err)
	}
	if _, err := s.Admit(t.Context(), uuid.New(), nil, nil); !errors.Is(err, store.ErrUnprovisioned) {
		t.Errorf("read: %v", err)
	}
}

// What the roles may not do, tried as them with plain SQL.
func TestRolesAreHeldToTheDoors(t *testing.T) {
	pg := fixture.NewPostgres(t)
	s := open(t, pg)
	tenant, other := provision(t, s), provision(t, s)
	set := "select set_config('app.current_tenant', '" + tenant.String() + "', true)"
	door := "select bulkhead.open_write('" + tenant.String() + "')"
	event := func(of uuid.UUID, lane string) string {
		return "insert into bulkhead.audit_event values ('" + of.String() + "', " + lane + ", 1, now(), 'k', gen_random_uuid(), '', '', '', '')"
	}
	cases := map[string]struct {
		role  string
		sql   []string
		state string
	}{
		"write without the door":        {binding.RoleApp, []string{set, "update bulkhead.tenant_head set docs = 1"}, "TB002"},
		"write of another tenant":       {binding.RoleApp, []string{door, "insert into bulkhead.tenant_head (tenant_id, lane0_hash) values ('" + other.String() + "', '')"}, "42501"},
		"switch of tenant after door":   {binding.RoleApp, []string{door, "select set_config('app.current_tenant', '" + other.String() + "', true)", "update bulkhead.tenant_head set docs = 1"}, "TB002"},
		"door under repeatable read":    {binding.RoleApp, []string{"set transaction isolation level repeatable read", door}, "TB002"},
		"app opens the fence":           {binding.RoleApp, []string{set, "update bulkhead.fence set state = 'open'"}, "42501"},
		"app appends to a read lane":    {binding.RoleApp, []string{set, event(tenant, "7")}, "42501"},
		"app reads no audit":            {binding.RoleApp, []string{set, "select * from bulkhead.audit_event"}, "42501"},
		"lane appends to lane 0":        {binding.RoleLane, []string{set, event(tenant, "0")}, "42501"},
		"lane appends for another":      {binding.RoleLane, []string{set, event(other, "7")}, "42501"},
		"lane changes an event":         {binding.RoleLane, []string{set, "update bulkhead.audit_event set kind = ''"}, "42501"},
		"lane reads documents":          {binding.RoleLane, []string{set, "select * from bulkhead.document"}, "42501"},
		"lane reads the rest of a head": {binding.RoleLane, []string{set, "select docs from bulkhead.tenant_head"}, "42501"},
		"lane provisions":               {binding.RoleLane, []string{"select bulkhead.provision_tenant(gen_random_uuid(), 1)"}, "42501"},
		"owner changes an event":        {"postgres", []string{"set role bulkhead_owner", "delete from bulkhead.audit_event"}, "TB002"},
		"superuser truncates the audit": {"postgres", []string{"truncate bulkhead.audit_event"}, "TB002"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := sqlState(pg.Connect(t, c.role), c.sql); got != c.state {
				t.Errorf("got SQLSTATE %q, want %q", got, c.state)
			}
		})
	}
	t.Run("no tenant, no rows", func(t *testing.T) {
		var n int
		if err := pg.Connect(t, binding.RoleApp).QueryRow(t.Context(), "select count(*) from bulkhead.tenant_head").Scan(&n); err != nil || n != 0 {
			t.Errorf("got %d rows, %v", n, err)
		}
	})
}

// sqlState runs statements in one transaction and returns the first error's.
func sqlState(conn *pgx.Conn, statements []string) string {
	ctx := context.Background()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = tx.Rollback(ctx) }()
	for _, s := range statements {
		var refused *pgconn.PgError
		if _, err := tx.Exec(ctx, s); errors.As(err, &refused) {
			return refused.Code
		} else if err != nil {
			return err.Error()
		}
	}
	return ""
}

func TestOneTenantLeavesConnectionsToOthers(t *testing.T) {
	pg := fixture.NewPostgres(t)
	pg.Migrate(t)
	cfg := pg.Config()
	cfg.AppConns, cfg.TenantShare, cfg.Wait = 2, 1, 2*time.Second
	s, err := store.Open(t.Context(), cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	loud, quietOne := provision(t, s), provision(t, s)
	err = s.WithTenant(t.Context(), loud, func(*store.Tx) error {
		if err := s.WithTenant(t.Context(), loud, nothing); !errors.Is(err, store.ErrBusy) {
			t.Errorf("the loud tenant got a second connection: %v", err)
		}
		return s.WithTenant(t.Context(), quietOne, nothing)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSessionLimits(t *testing.T) {
	pg := fixture.NewPostgres(t)
	s := open(t, pg)
	tenant := provision(t, s)
	for _, setting := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		got, err := store.Setting(t.Context(), s, tenant, setting)
		if err != nil || got == "0" {
			t.Errorf("%s is %q, %v", setting, got, err)
		}
	}
}

// A caller that gives up while a connection is made or a statement runs says
// nothing of the database.
func TestCallerThatGivesUpIsNoOutage(t *testing.T) {
	pg := fixture.NewPostgres(t)
	s := open(t, pg)
	tenant := provision(t, s)
	lock, err := pg.Superuser(t).Begin(t.Context())
	if err == nil {
		_, err = lock.Exec(t.Context(), "lock table bulkhead.tenant_head")
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, giveUp := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, giveUp)
	err = s.WithTenant(ctx, tenant, func(tx *store.Tx) error { _, err := tx.LockHead(ctx); return err })
	if !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("while a statement ran: %v", err)
	}
	if err := s.WithTenant(ctx, tenant, nothing); !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("before it began: %v", err)
	}
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.WithTenant(t.Context(), tenant, nothing); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
