package store_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

func TestMain(m *testing.M) { fixture.Main(m) }

var quiet = slog.New(slog.DiscardHandler)

// open migrates the database and opens it as a runtime does.
func open(t *testing.T, pg *fixture.Postgres) *store.Store {
	t.Helper()
	pg.Migrate(t)
	s, err := store.Open(t.Context(), pg.Config(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// provision makes a tenant with its rows.
func provision(t *testing.T, s *store.Store) uuid.UUID {
	t.Helper()
	tenant := uuid.New()
	if err := s.Provision(t.Context(), tenant, 1, []byte("genesis")); err != nil {
		t.Fatal(err)
	}
	return tenant
}

func nothing(*store.Tx) error { return nil }

// generation commits no event and returns the tenant's generation.
func generation(t *testing.T, s *store.Store, tenant uuid.UUID) int64 {
	t.Helper()
	a, err := s.Admit(context.Background(), tenant, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a.Stamp().Generation
}
