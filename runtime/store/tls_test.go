package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

func TestTLSIsVerified(t *testing.T) {
	pg := fixture.NewPostgres(t)
	pg.Migrate(t)
	s, err := store.Open(t.Context(), pg.TLSConfig(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()

	otherName, otherCA := pg.TLSConfig(), pg.TLSConfig()
	otherName.Host = "localhost" // the certificate is for the address
	otherCA.CA.File = fixture.NewCA(t)
	for name, cfg := range map[string]store.Config{"name": otherName, "CA": otherCA} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if s, err := store.Open(ctx, cfg, quiet); err == nil {
			s.Close()
			t.Errorf("connected to a server of another %s", name)
		}
	}
}
