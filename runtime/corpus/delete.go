package corpus

import (
	"context"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Delete removes a document by its external id or id, and what waits to become it. Once it returns nil no
// search on any replica that starts afterwards finds the document. Errors:
// store.ErrNotFound, those of the write door and of the keys.
func (c *Corpus) Delete(ctx context.Context, r Request, ref string) error {
	mac, id, err := reference(r, ref)
	if err != nil {
		return err
	}
	return c.change(ctx, r, func() error {
		return r.admission().Change(ctx, func(tx *store.Tx) error { return r.delete(ctx, tx, mac, id) })
	})
}

// delete removes the text at once, and lists the document as dead in its segment.
// Errors: errFull.
func (r Request) delete(ctx context.Context, tx *store.Tx, mac []byte, id uuid.UUID) error {
	head, err := tx.LockHead(ctx)
	if err != nil {
		return err
	}
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
		return r.record(ctx, tx, head)
	}
	m, err := r.openHead(head)
	if err != nil {
		return err
	}
	if len(m.dead) >= maxDead {
		return errFull
	}
	head.Docs--
	head.Bytes -= doc.Bytes
	m.dead = append(m.dead, doc.Source)
	if err := tx.RemoveObjects(ctx, doc.Source); err != nil {
		return err
	}
	if err := m.sealInto(r.keys(), &head); err != nil {
		return err
	}
	if err := tx.BuryDocument(ctx, doc.ID, head.Generation); err != nil {
		return err
	}
	if err := r.Access.Change(ctx, tx, &head); err != nil {
		return err
	}
	return tx.SaveHead(ctx, head)
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
