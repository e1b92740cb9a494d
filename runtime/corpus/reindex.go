package corpus

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// reindex makes segments in the tenant's language of all documents, out of their texts:
// of those that are in none, as those of a version that had no segments are, and of
// those whose segments are of another language. Errors: errRaced.
func (c *Corpus) reindex(ctx context.Context, r Request) error {
	if err := c.merges.Acquire(ctx, 1); err != nil {
		return err
	}
	defer c.merges.Release(1)
	var head store.Head
	var objects []seal.Object
	made := manifest{language: r.Tenant.Language}
	mark := c.mark(r)
	err := r.admission().Read(ctx, func(rows *store.Rows) (err error) {
		if head, err = trusted(ctx, rows, mark); err != nil {
			return err
		}
		return eachBatch(ctx, rows, func(batch []store.Document) error {
			s, err := segmentOf(ctx, rows, r, batch)
			objects, made.segments = append(objects, s.objects...), append(made.segments, s.member)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("reindex: %w", err)
	}
	open := func(now store.Head) (manifest, error) {
		if now.Generation != head.Generation {
			return manifest{}, errRaced
		}
		return made, nil
	}
	return c.advance(ctx, r, open, func(tx *store.Tx, _ *edition) error {
		for _, old := range []seal.Kind{seal.Lexicon, seal.Vectors} {
			tx.RemoveKind(old.String())
		}
		addObjects(tx, objects...)
		return nil
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
func segmentOf(ctx context.Context, rows *store.Rows, r Request, batch []store.Document) (sealed, error) {
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
		doc, err := describe(r.keys(), row)
		if err != nil {
			return sealed{}, err
		}
		_, text, err := whole(r.keys(), row.Source, seal.Source, blocks)
		if err != nil {
			return sealed{}, fmt.Errorf("document %s: %w", row.ID, err)
		}
		ready, up := prepared{row: row, stores: doc.Stores, access: doc.Access}, doc.upload()
		up.Text = text
		documents = append(documents, ready.document(up))
	}
	encoded, err := index(r.Tenant.Language, documents)
	if err != nil {
		return sealed{}, err
	}
	s, _, err := sealSegment(r.keys(), encoded)
	return s, err
}
