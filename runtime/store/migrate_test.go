package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

func TestMigrateConcurrentlyAndAgain(t *testing.T) {
	pg := fixture.NewPostgres(t)
	var all sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		all.Go(func() { errs[i] = store.Migrate(t.Context(), pg.Migrator(), quiet) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	s := open(t, pg)
	tenant := provision(t, s)
	pg.Migrate(t)
	if err := s.WithTenant(t.Context(), tenant, nothing); err != nil {
		t.Errorf("a tenant is gone after another migration: %v", err)
	}
}

func TestMigrateWaitsForTheRoles(t *testing.T) {
	pg := fixture.NewPostgres(t)
	pg.Exec(t, "alter role "+binding.RoleLane+" rename to not_yet")
	go func() {
		time.Sleep(1500 * time.Millisecond)
		pg.Exec(t, "alter role not_yet rename to "+binding.RoleLane, "alter role "+binding.RoleLane+" password 'fixture'")
	}()
	open(t, pg)
}
