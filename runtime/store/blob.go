package store

import (
	"bytes"
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
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
	blocks := map[BlockRef][]byte{}
	_, err = eachBlock(rows, keepIn(blocks))
	return blocks, err
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

// objectWindow is how many blocks of each object are fetched in one query: fewer than
// take as long as a statement may.
const objectWindow = 64

// EachBlock hands over all blocks of the given objects, object by object in the order of
// ids and block by block, each as it comes: in one query, unless there are large objects,
// which come in turns then. Nothing of ct may be kept. Errors: those of each.
func (r *Rows) EachBlock(ctx context.Context, ids []uuid.UUID, each func(ref BlockRef, ct []byte) error) error {
	for first := int32(0); ; first += objectWindow {
		rows, err := r.tx.Query(ctx, `select b.object_id, b.block_no, b.ct from unnest($2::uuid[]) with ordinality as want(object_id, place)
			join blob b on b.tenant_id = $1 and b.object_id = want.object_id
			where b.block_no between $3 and $4 order by want.place, b.block_no`, r.tenant, ids, first, first+objectWindow-1)
		if err != nil {
			return err
		}
		last, err := eachBlock(rows, each)
		if err != nil || last < first+objectWindow-1 {
			return err
		}
	}
}

// eachBlock returns the greatest number of a block that it saw.
func eachBlock(rows pgx.Rows, each func(BlockRef, []byte) error) (last int32, err error) {
	var ref BlockRef
	var ct pgtype.DriverBytes // not copied
	_, err = pgx.ForEachRow(rows, []any{&ref.Object, &ref.No, &ct}, func() error {
		last = max(last, ref.No)
		return each(ref, ct)
	})
	return last, err
}

// Objects fetches all blocks of the given objects.
func (r *Rows) Objects(ctx context.Context, ids []uuid.UUID) (map[BlockRef][]byte, error) {
	blocks := map[BlockRef][]byte{}
	return blocks, r.EachBlock(ctx, ids, keepIn(blocks))
}

func keepIn(blocks map[BlockRef][]byte) func(BlockRef, []byte) error {
	return func(ref BlockRef, ct []byte) error {
		blocks[ref] = bytes.Clone(ct)
		return nil
	}
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
