package corpus

import (
	"context"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Delete removes a document by its external id or id, and what waits to become it.
// Once it returns nil no search on any replica that starts afterwards finds the document. Errors:
// store.ErrNotFound, those of the write door and of the keys.
func (c *Corpus) Delete(ctx context.Context, r Request, ref string) error {
	mac, id, err := reference(r, ref)
	if err != nil {
		return err
	}
	return c.change(ctx, r, func() error {
		return c.edit(ctx, r, func(tx *store.Tx, e *edition) error { return r.delete(ctx, tx, e, mac, id) })
	})
}

// delete removes the text at once, and lists the document as dead in its segment.
// Errors: errFull.
func (r Request) delete(ctx context.Context, tx *store.Tx, e *edition, mac []byte, id uuid.UUID) error {
	there, err := find(ctx, &tx.Rows, mac, id)
	if err != nil {
		return err
	}
	if there.waits() {
		if err := tx.RemoveUpload(ctx, there.upload); err != nil {
			return err
		}
	}
	doc := there.document
	if !there.lives() {
		return r.Access.Change(ctx, tx, &e.head)
	}
	if len(e.manifest.dead) >= maxDead {
		return errFull
	}
	e.head.Docs--
	e.head.Bytes -= doc.Bytes
	e.manifest.dead = append(e.manifest.dead, doc.Source)
	if err := tx.RemoveObjects(ctx, doc.Source); err != nil {
		return err
	}
	if err := tx.BuryDocument(ctx, doc.ID, e.head.Generation); err != nil {
		return err
	}
	return r.Access.Change(ctx, tx, &e.head)
}

// reference reads what a path names a document by: its external id or its id.
func reference(r Request, ref string) (mac []byte, id uuid.UUID, err error) {
	mac, err = name(r.keys(), ref)
	if err != nil {
		return nil, uuid.Nil, err
	}
	id, err = uuid.Parse(ref)
	if err != nil {
		id = uuid.Nil
	}
	return mac, id, nil
}
