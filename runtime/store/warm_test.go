package store_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

func TestFirstSearchPlansNothing(t *testing.T) {
	s := open(t, fixture.NewPostgres(t))
	a, err := s.Admit(t.Context(), provision(t, s), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, reads := range []struct {
		what  string
		read  func(context.Context, *store.Rows) error
		plans bool
	}{
		{"the head", func(ctx context.Context, r *store.Rows) error { _, err := r.Head(ctx); return err }, false},
		{"an index", func(ctx context.Context, r *store.Rows) error {
			_, err := r.Objects(ctx, []uuid.UUID{uuid.New()})
			return err
		}, false},
		{"passages", func(ctx context.Context, r *store.Rows) error {
			_, err := r.Blocks(ctx, []store.BlockRef{{Object: uuid.New()}})
			return err
		}, false},
		{"documents", func(ctx context.Context, r *store.Rows) error { _, err := r.Documents(ctx, uuid.Nil, 1); return err }, true},
	} {
		err := a.Read(t.Context(), func(r *store.Rows) error {
			before, err := r.Prepared(t.Context())
			if err != nil {
				return err
			}
			if err := reads.read(t.Context(), r); err != nil {
				return err
			}
			after, err := r.Prepared(t.Context())
			if (after > before) != reads.plans {
				t.Errorf("%s: %d statements are known after %d", reads.what, after, before)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
