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

// Objects fetches all blocks of the given objects in one query.
func (r *Rows) Objects(ctx context.Context, ids []uuid.UUID) (map[BlockRef][]byte, error) {
	rows, err := r.tx.Query(ctx, `select object_id, block_no, ct from blob
		where tenant_id = $1 and object_id = any($2)`, r.tenant, ids)
	if err != nil {
		return nil, err
	}
	return collectBlocks(rows)
}

func collectBlocks(rows pgx.Rows) (map[BlockRef][]byte, error) {
	blocks := map[BlockRef][]byte{}
	var ref BlockRef
	var ct []byte
	_, err := pgx.ForEachRow(rows, []any{&ref.Object, &ref.No, &ct}, func() error {
		blocks[ref], ct = ct, nil
		return nil
	})
	return blocks, err
}

// AddObject inserts a sealed object: its header, then its blocks.
func (t *Tx) AddObject(id uuid.UUID, kind string, parts [][]byte) {
	for no, ct := range parts {
		t.write.queue(`insert into blob (tenant_id, object_id, block_no, kind, ct) values ($1, $2, $3, $4, $5)`,
			t.tenant, id, no, kind, ct)
	}
}

// RemoveOthers deletes all sealed objects of the given kinds but those that are kept.
func (t *Tx) RemoveOthers(kinds []string, keep []uuid.UUID) {
	t.write.queue(`delete from blob where tenant_id = $1 and kind = any($2) and object_id <> all(coalesce($3::uuid[], '{}'))`, t.tenant, kinds, keep)
}

// RemoveObjects deletes sealed objects.
func (t *Tx) RemoveObjects(ids ...uuid.UUID) {
	if len(ids) > 0 {
		t.write.queue(`delete from blob where tenant_id = $1 and object_id = any($2)`, t.tenant, ids)
	}
}
