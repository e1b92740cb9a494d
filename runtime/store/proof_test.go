package store_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

var update = flag.Bool("update", false, "rewrite golden.txt")

func TestGoldenListIsThatOfTheMigrations(t *testing.T) {
	pg := fixture.NewPostgres(t)
	pg.Migrate(t)
	facts, err := store.Facts(t.Context(), pg.Config())
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(facts, "\n") + "\n"
	if *update {
		if err := os.WriteFile("golden.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("run with -update and review the difference (-golden +database):\n%s", diff)
	}
}

// Every single deviation must be found, named, and be all that is found.
func TestOpenRefusesEachDeviation(t *testing.T) {
	deviations := map[string]struct{ do, undo, names string }{
		"no FORCE":               {"alter table bulkhead.document no force row level security", "alter table bulkhead.document force row level security", "table document"},
		"no row security":        {"alter table bulkhead.blob disable row level security", "alter table bulkhead.blob enable row level security", "table blob"},
		"policy dropped":         {"drop policy tenant on bulkhead.fence", "", "policy fence tenant"},
		"policy widened":         {"alter policy tenant on bulkhead.dek using (true)", "", "policy dek tenant"},
		"policy added":           {"create policy other on bulkhead.dek using (true)", "drop policy other on bulkhead.dek", "policy dek other"},
		"fence writable":         {"grant update on bulkhead.fence to bulkhead_rw", "revoke update on bulkhead.fence from bulkhead_rw", "grant UPDATE on fence"},
		"column writable":        {"grant update (state) on bulkhead.fence to bulkhead_app", "revoke update (state) on bulkhead.fence from bulkhead_app", "grant UPDATE (state) on fence"},
		"audit deletable":        {"grant delete on bulkhead.audit_event to bulkhead_lane", "revoke delete on bulkhead.audit_event from bulkhead_lane", "grant DELETE on audit_event"},
		"lane reads documents":   {"grant select on bulkhead.document to bulkhead_lane", "revoke select on bulkhead.document from bulkhead_lane", "grant SELECT on document"},
		"public reads":           {"grant select on bulkhead.document to public", "revoke select on bulkhead.document from public", "grant SELECT on document to -"},
		"grant missing":          {"revoke insert on bulkhead.blob from bulkhead_rw", "grant insert on bulkhead.blob to bulkhead_rw", "missing: grant INSERT on blob"},
		"app may create objects": {"grant create on schema bulkhead to bulkhead_app", "revoke create on schema bulkhead from bulkhead_app", "grant CREATE on schema bulkhead"},
		"app is an owner":        {"grant bulkhead_owner to bulkhead_app", "revoke bulkhead_owner from bulkhead_app", "member bulkhead_app of bulkhead_owner"},
		"lane is an owner":       {"grant bulkhead_owner to bulkhead_lane", "revoke bulkhead_owner from bulkhead_lane", "member bulkhead_lane of bulkhead_owner"},
		"app reads all":          {"grant pg_read_all_data to bulkhead_app", "revoke pg_read_all_data from bulkhead_app", "member bulkhead_app of pg_read_all_data"},
		"app bypasses":           {"alter role bulkhead_app bypassrls", "alter role bulkhead_app nobypassrls", "role bulkhead_app bypassrls"},
		"app is superuser":       {"alter role bulkhead_app superuser", "alter role bulkhead_app nosuperuser", "role bulkhead_app superuser"},
		"owner bypasses":         {"alter role bulkhead_owner bypassrls", "alter role bulkhead_owner nobypassrls", "role bulkhead_owner bypassrls"},
		"other table owner":      {"alter table bulkhead.dek owner to bulkhead_app", "alter table bulkhead.dek owner to bulkhead_owner", "table dek"},
		"function owner":         {"alter function bulkhead.provision_tenant(uuid, bigint) owner to postgres", "alter function bulkhead.provision_tenant(uuid, bigint) owner to bulkhead_owner", "function provision_tenant"},
		"search path unpinned":   {"alter function bulkhead.provision_tenant(uuid, bigint) reset search_path", "alter function bulkhead.provision_tenant(uuid, bigint) set search_path = pg_catalog, pg_temp", "function provision_tenant"},
		"function for everybody": {"grant execute on function bulkhead.provision_tenant(uuid, bigint) to public", "revoke execute on function bulkhead.provision_tenant(uuid, bigint) from public", "grant EXECUTE on provision_tenant"},
		"trigger disabled":       {"alter table bulkhead.blob disable trigger write_door", "alter table bulkhead.blob enable trigger write_door", "trigger blob write_door"},
		"trigger dropped":        {"drop trigger append_only on bulkhead.audit_event", "", "trigger audit_event append_only"},
		"unprotected new table":  {"create table bulkhead.stray (tenant_id uuid)", "drop table bulkhead.stray", "table stray"},
		"view":                   {"create view bulkhead.peek as select * from bulkhead.document", "drop view bulkhead.peek", "table peek"},
	}
	pg := fixture.NewPostgres(t)
	open(t, pg)
	for name, d := range deviations {
		if d.undo == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			pg.Exec(t, d.do)
			refused(t, pg, d.names)
			pg.Exec(t, d.undo)
			s, err := store.Open(t.Context(), pg.Config(), quiet)
			if err != nil {
				t.Fatalf("still refused after the deviation was undone: %v", err)
			}
			s.Close()
		})
	}
	// What is not easily undone comes last, one upon the other.
	for name, d := range deviations {
		if d.undo != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			pg.Exec(t, d.do)
			refused(t, pg, d.names)
		})
	}
}

func refused(t *testing.T, pg *fixture.Postgres, names string) {
	t.Helper()
	s, err := store.Open(t.Context(), pg.Config(), quiet)
	if err == nil {
		s.Close()
		t.Fatal("the database was accepted")
	}
	if !errors.Is(err, store.ErrUnproven) || !strings.Contains(err.Error(), names) {
		t.Errorf("the error does not name %q: %v", names, err)
	}
}

// A version must be able to restart beside its successor's schema.
func TestOpenAcceptsTablesOfANewerSchema(t *testing.T) {
	pg := fixture.NewPostgres(t)
	open(t, pg)
	pg.Exec(t, "set role bulkhead_owner; create table bulkhead.newer (tenant_id uuid primary key)",
		"alter table bulkhead.newer enable row level security",
		"alter table bulkhead.newer force row level security",
		"create policy tenant on bulkhead.newer using (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid)",
		"grant select on bulkhead.newer to bulkhead_rw")
	s, err := store.Open(t.Context(), pg.Config(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}
