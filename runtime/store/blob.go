package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// BlockRef names one block of a sealed object; block 0 is the header.
type BlockRef struct {
	Object uuid.UUID
	No     int32
}

// Blocks fetches blocks in one query. A block that does not exist is missing
// from the result.
func (r *Rows) Blocks(ctx context.Context, refs []BlockRef) (map[BlockRef][]byte, error) {
	rows, err := r.tx.Query(ctx, selectBlocks, blocksArgs(r.tenant, refs)...)
	if err != nil {
		return nil, err
	}
	return collectBlocks(rows)
}

const selectBlocks = `select b.object_id, b.block_no, b.ct from unnest($2::uuid[], $3::int[]) as want(object_id, block_no)
	join blob b on b.tenant_id = $1 and b.object_id = want.object_id and b.block_no = want.block_no`

func blocksArgs(tenant uuid.UUID, refs []BlockRef) []any {
	objects, numbers := make([]uuid.UUID, len(refs)), make([]int32, len(refs))
	for i, ref := range refs {
		objects[i], numbers[i] = ref.Object, ref.No
	}
	return []any{tenant, objects, numbers}
}

func collectBlocks(rows pgx.Rows) (map[BlockRef][]byte, error) {
	blocks := map[BlockRef][]byte{}
	_, err := addBlocks(rows, blocks)
	return blocks, err
}

// addBlocks returns the greatest number of a block that it added.
func addBlocks(rows pgx.Rows, to map[BlockRef][]byte) (last int32, err error) {
	var ref BlockRef
	var ct []byte
	_, err = pgx.ForEachRow(rows, []any{&ref.Object, &ref.No, &ct}, func() error {
		to[ref], ct = ct, nil
		last = max(last, ref.No)
		return nil
	})
	return last, err
}

// objectWindow is how many blocks of each object are fetched in one query: fewer than
// take as long as a statement may.
const objectWindow = 64

// Objects fetches all blocks of the given objects, in one query unless they are large.
func (r *Rows) Objects(ctx context.Context, ids []uuid.UUID) (map[BlockRef][]byte, error) {
	blocks := map[BlockRef][]byte{}
	for first := int32(0); ; first += objectWindow {
		rows, err := r.tx.Query(ctx, `select object_id, block_no, ct from blob
			where tenant_id = $1 and object_id = any($2) and block_no between $3 and $4`, r.tenant, ids, first, first+objectWindow-1)
		if err != nil {
			return nil, err
		}
		last, err := addBlocks(rows, blocks)
		if err != nil || last < first+objectWindow-1 {
			return blocks, err
		}
	}
}

// AddObject inserts a sealed object: its header, then its blocks.
func (t *Tx) AddObject(id uuid.UUID, kind string, parts [][]byte) {
	for no, ct := range parts {
		t.write.queue(`insert into blob (tenant_id, object_id, block_no, kind, ct) values ($1, $2, $3, $4, $5)`,
			t.tenant, id, no, kind, ct)
	}
}

// RemoveKind deletes all sealed objects of a kind.
func (t *Tx) RemoveKind(kind string) {
	t.write.queue(`delete from blob where tenant_id = $1 and kind = $2`, t.tenant, kind)
}

// RemoveObjects deletes sealed objects.
func (t *Tx) RemoveObjects(ids ...uuid.UUID) {
	if len(ids) > 0 {
		t.write.queue(`delete from blob where tenant_id = $1 and object_id = any($2)`, t.tenant, ids)
	}
}
