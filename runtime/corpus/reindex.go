package corpus

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// reindex makes segments of documents that are in none, as those of a version that
// had no segments are, out of their texts. Errors: errRaced.
func (c *Corpus) reindex(ctx context.Context, r Request) error {
	if err := c.merges.Acquire(ctx, 1); err != nil {
		return err
	}
	defer c.merges.Release(1)
	var head store.Head
	var objects []seal.Object
	var made manifest
	err := r.admission().Read(ctx, func(rows *store.Rows) (err error) {
		if head, err = rows.Head(ctx); err != nil {
			return err
		}
		return eachBatch(ctx, rows, func(batch []store.Document) error {
			s, err := segmentOf(ctx, rows, r.keys(), batch)
			objects, made.segments = append(objects, s.objects...), append(made.segments, s.member)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("reindex: %w", err)
	}
	return r.admission().Change(ctx, func(tx *store.Tx) error {
		now, err := tx.LockHead(ctx)
		if err != nil {
			return err
		}
		if now.Generation != head.Generation {
			return errRaced
		}
		if err := tx.RemoveKind(ctx, seal.Lexicon.String()); err != nil { // what that version had
			return err
		}
		if err := addObjects(ctx, tx, objects...); err != nil {
			return err
		}
		if err := made.sealInto(r.keys(), &now); err != nil {
			return err
		}
		return tx.SaveHead(ctx, now)
	})
}

// Documents are read in batches, bounded in number and in plain bytes.
const (
	readDocuments = 256
	readBytes     = 8 << 20
)

// eachBatch visits all live documents.
func eachBatch(ctx context.Context, rows *store.Rows, visit func([]store.Document) error) error {
	for after := uuid.Nil; ; {
		page, err := rows.Documents(ctx, after, readDocuments)
		if err != nil || len(page) == 0 {
			return err
		}
		n, sum := 1, page[0].Bytes
		for ; n < len(page) && sum+page[n].Bytes <= readBytes; n++ {
			sum += page[n].Bytes
		}
		if err := visit(page[:n]); err != nil {
			return err
		}
		after = page[n-1].ID
	}
}

// segmentOf indexes documents out of their texts.
func segmentOf(ctx context.Context, rows *store.Rows, keys *seal.Keyring, batch []store.Document) (sealed, error) {
	var ids []uuid.UUID
	for _, d := range batch {
		ids = append(ids, d.Source)
	}
	blocks, err := rows.Objects(ctx, ids)
	if err != nil {
		return sealed{}, err
	}
	var documents []engine.Document
	for _, row := range batch {
		doc, err := describe(keys, row)
		if err != nil {
			return sealed{}, err
		}
		_, text, err := whole(keys, row.Source, seal.Source, blocks)
		if err != nil {
			return sealed{}, fmt.Errorf("document %s: %w", row.ID, err)
		}
		ready, up := prepared{row: row, stores: doc.Stores}, doc.upload()
		up.Text = text
		documents = append(documents, ready.document(up))
	}
	encoded, err := index(documents)
	if err != nil {
		return sealed{}, err
	}
	return sealSegment(keys, encoded, nil)
}
