package store_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/test/fixture"
)

// TestLargeObjects: an object that is sent and fetched in several parts comes back whole,
// and so does a small one that is asked for with it.
func TestLargeObjects(t *testing.T) {
	s := open(t, fixture.NewPostgres(t))
	tenant := provision(t, s)
	large, small := uuid.New(), uuid.New()
	const blocks, size = 200, 128 << 10
	parts := make([][]byte, blocks)
	for i := range parts {
		parts[i] = bytes.Repeat([]byte{byte(i)}, size)
	}
	err := s.WithTenant(context.Background(), tenant, func(tx *store.Tx) error {
		tx.AddObject(large, "vec", parts)
		tx.AddObject(small, "lex", parts[:2])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Admit(context.Background(), tenant, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var found map[store.BlockRef][]byte
	err = a.Read(context.Background(), func(rows *store.Rows) (err error) {
		found, err = rows.Objects(context.Background(), []uuid.UUID{small, large})
		return err
	})
	if err != nil || len(found) != blocks+2 {
		t.Fatalf("%d blocks, %v", len(found), err)
	}
	for i := range parts {
		if !bytes.Equal(found[store.BlockRef{Object: large, No: int32(i)}], parts[i]) {
			t.Fatalf("block %d is another", i)
		}
	}
}
