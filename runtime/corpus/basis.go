package corpus

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// basis is the space in which a tenant's chunks have vectors, as its manifest
// lists it.
type basis struct {
	*lsa.Basis
	pinned
}

// pin is how the manifest lists the basis; nil is listed as none.
func (b *basis) pin() pinned {
	if b == nil {
		return pinned{}
	}
	return b.pinned
}

// basis reads the one that the tenant's manifest lists, nil for none, unless it is
// there already.
func (r Request) basis(ctx context.Context, rows *store.Rows, there *basis) (*basis, error) {
	head, err := rows.Head(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := openManifest(r.keys(), head)
	if err != nil {
		return nil, err
	}
	return fetchBasis(ctx, rows, r.keys(), listed.basis, there)
}

// fetchBasis reads the basis that a manifest lists, nil for none, unless it is there
// already. Errors: seal.ErrCorrupt, those of the keys.
func fetchBasis(ctx context.Context, rows *store.Rows, keys *seal.Keyring, listed pinned, there *basis) (*basis, error) {
	if listed == there.pin() {
		return there, nil
	}
	if listed.none() {
		return nil, nil
	}
	blocks, err := rows.Objects(ctx, []uuid.UUID{listed.object})
	if err != nil {
		return nil, err
	}
	plain, err := listed.open(keys, seal.Vectors, blocks)
	if err != nil {
		return nil, err
	}
	decoded, err := lsa.Decode(plain)
	if err != nil {
		return nil, fmt.Errorf("basis %s: %w: %w", listed.object, seal.ErrCorrupt, err)
	}
	return &basis{decoded, listed}, nil
}
