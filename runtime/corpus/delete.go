package corpus

import (
	"context"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Delete removes a document by its external id or id, and what waits to become it. Once
// it returns nil no search on any replica that starts afterwards finds the document.
// Errors: store.ErrNotFound, ErrOwner, those of the write door and of the keys.
func (c *Corpus) Delete(ctx context.Context, r Request, ref string) error {
	to, err := r.reference(ref)
	if err != nil {
		return err
	}
	return c.remove(ctx, r, to)
}

func (c *Corpus) remove(ctx context.Context, r Request, to reference) error {
	return c.change(ctx, r, func() error {
		return c.edit(ctx, r, func(tx *store.Tx, e *edition) error { return r.delete(ctx, tx, e, to) })
	})
}

// delete removes the text at once, and lists the document as dead in its segment.
// Errors: errFull.
func (r Request) delete(ctx context.Context, tx *store.Tx, e *edition, to reference) error {
	there, err := r.find(ctx, &tx.Rows, to)
	if err != nil {
		return err
	}
	if !r.Caller.Changes(there.shown.Access) {
		return ErrOwner
	}
	if there.waits() {
		tx.RemoveUpload(there.upload)
	}
	doc := there.document
	if !there.lives() {
		return r.Access.Change(tx, &e.head)
	}
	if len(e.manifest.dead) >= maxDead {
		return errFull
	}
	e.head.Docs--
	e.head.Bytes -= doc.Bytes
	e.manifest.dead = append(e.manifest.dead, doc.Source)
	tx.RemoveObjects(doc.Source)
	tx.BuryDocument(doc.ID, e.head.Generation)
	return r.Access.Change(tx, &e.head)
}
