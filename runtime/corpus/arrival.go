package corpus

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// part is a sealed object that a manifest lists.
type part struct {
	pinned
	kind seal.Kind
	open func(plain []byte) error // what is sealed, which is open's from then on
}

// arrival is a part on its way. Each block is opened as it comes, while the database
// reads the next ones.
type arrival struct {
	part
	opener *seal.Opener
	plain  []byte // of the blocks that came
	blocks int
}

// batchBytes of parts are fetched at a time, or one that is larger.
const batchBytes = 8 << 20

// fetchParts opens parts in their order. Errors: seal.ErrCorrupt, those of the keys and
// of open.
func fetchParts(ctx context.Context, rows *store.Rows, keys *seal.Keyring, parts []part) error {
	for len(parts) > 0 {
		n := prefix(parts)
		if err := fetchBatch(ctx, rows, keys, parts[:n]); err != nil {
			return err
		}
		parts = parts[n:]
	}
	return nil
}

// prefix is how many parts fit a batch, at least one.
func prefix(parts []part) int {
	sum := int64(parts[0].bytes)
	for n := 1; n < len(parts); n++ {
		if sum += int64(parts[n].bytes); sum > batchBytes {
			return n
		}
	}
	return len(parts)
}

func fetchBatch(ctx context.Context, rows *store.Rows, keys *seal.Keyring, parts []part) error {
	coming := map[uuid.UUID]*arrival{}
	var ids []uuid.UUID
	for _, p := range parts {
		ids, coming[p.object] = append(ids, p.object), &arrival{part: p}
	}
	err := rows.EachBlock(ctx, ids, func(ref store.BlockRef, ct []byte) error {
		if err := coming[ref.Object].take(keys, int(ref.No), ct); err != nil {
			return fmt.Errorf("object %s: %w", ref.Object, err)
		}
		return nil
	})
	for _, a := range coming {
		clear(a.plain)
		if err == nil && !a.whole() { // the snapshot that lists it has all of it
			err = fmt.Errorf("object %s: %w: a block is missing", a.object, seal.ErrCorrupt)
		}
	}
	return err
}

// take opens a block, of which 0 is the header, and the part with the last.
func (a *arrival) take(keys *seal.Keyring, no int, ct []byte) error {
	if no == 0 {
		return a.begin(keys, ct)
	}
	if a.opener == nil || no != a.blocks+1 {
		return fmt.Errorf("%w: a block is missing", seal.ErrCorrupt)
	}
	plain, err := a.opener.Append(a.plain, a.blocks, ct)
	if err != nil {
		return err
	}
	if a.plain, a.blocks = plain, no; !a.whole() {
		return nil
	}
	a.plain = nil
	return a.open(plain)
}

// begin reads the header.
func (a *arrival) begin(keys *seal.Keyring, header []byte) (err error) {
	if sha256.Sum256(header) != a.header {
		return fmt.Errorf("%w: it is not the one that the manifest lists", seal.ErrCorrupt)
	}
	if a.opener, err = keys.OpenObject(a.object, a.kind, header); err != nil {
		return err
	}
	if a.opener.Len() != int64(a.bytes) {
		return fmt.Errorf("%w: its length", seal.ErrCorrupt)
	}
	a.plain = make([]byte, 0, a.bytes)
	return nil
}

// whole reports whether all blocks came.
func (a *arrival) whole() bool { return a.opener != nil && a.blocks == len(a.opener.Blocks) }
