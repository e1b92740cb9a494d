package corpus

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Upload is a document as a tenant gives it.
type Upload struct {
	ExternalID string
	Title      string
	Media      engine.Media
	Text       []byte // valid UTF-8
	Attributes filter.Attributes
	Purpose    string
}

// Outcome says what an upload did.
type Outcome int

// The outcomes of an upload.
const (
	Created Outcome = iota
	Replaced
	Unchanged // the same upload was there already
)

// QuotaError: the upload would take the tenant over its plan.
type QuotaError struct {
	Of    string // documents or bytes
	Limit int64
}

func (e QuotaError) Error() string { return fmt.Sprintf("quota of %d %s is reached", e.Limit, e.Of) }

// MaxDocument is the largest document in bytes. A sealed object's header has room
// for 7,275 blocks, which is more than this.
const MaxDocument = 64 << 20

// Put stores an upload under its external id. It is idempotent: the same
// upload again changes nothing. Errors: QuotaError, those of the store's write
// door and of the keys.
func (c *Corpus) Put(ctx context.Context, r Request, up Upload) (doc Document, outcome Outcome, err error) {
	err = c.change(ctx, r, func() error {
		doc, outcome, err = c.put(ctx, r, up)
		return err
	})
	return doc, outcome, err
}

func (c *Corpus) put(ctx context.Context, r Request, up Upload) (Document, Outcome, error) {
	ready, err := r.prepare(ctx, up, c.cache.get(r.keys()).basis)
	if err != nil {
		return Document{}, 0, err
	}
	if ready.unchanged() {
		doc, err := describe(r.keys(), ready.old)
		return doc, Unchanged, err
	}
	outcome := Created
	if ready.replaces() {
		outcome = Replaced
	}
	doc, err := r.save(ctx, ready, up)
	return doc, outcome, err
}

// save seals an upload and commits it.
func (r Request) save(ctx context.Context, ready *prepared, up Upload) (Document, error) {
	if err := ready.seal(r.keys(), up); err != nil {
		return Document{}, err
	}
	err := r.admission().Change(ctx, func(tx *store.Tx) error { return r.commit(ctx, tx, ready) })
	if err != nil {
		return Document{}, err
	}
	return describe(r.keys(), ready.row)
}

// commit writes a created or replaced document and its event, and lists its
// segment. Errors: errRaced, errFull.
func (r Request) commit(ctx context.Context, tx *store.Tx, ready *prepared) error {
	head, err := tx.LockHead(ctx)
	if err != nil {
		return err
	}
	old, err := tx.Document(ctx, ready.row.ExtMAC, uuid.Nil)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if old.Source != ready.old.Source {
		return errRaced
	}
	m, err := r.openHead(head)
	if err != nil {
		return err
	}
	if m.full() {
		return errFull
	}
	if m.basis != ready.basis.pin() {
		return errRaced
	}
	head.Bytes += ready.row.Bytes - old.Bytes
	m.segments = append(m.segments, ready.segment.member)
	if ready.replaces() {
		m.dead = append(m.dead, old.Source)
		if err := tx.RemoveObjects(ctx, old.Source); err != nil {
			return err
		}
	} else {
		head.Docs++
	}
	if err := within(r.Tenant.Limits, head, !ready.replaces()); err != nil {
		return err
	}
	if err := addObjects(ctx, tx, append(ready.segment.objects, ready.source)...); err != nil {
		return err
	}
	if err := m.sealInto(r.keys(), &head); err != nil {
		return err
	}
	ready.row.Generation = head.Generation
	if err := tx.SaveDocument(ctx, ready.row); err != nil {
		return err
	}
	if err := r.Access.Change(ctx, tx, &head); err != nil {
		return err
	}
	return tx.SaveHead(ctx, head)
}

// within holds the head that a change would leave against the tenant's plan.
func within(l binding.Limits, head store.Head, created bool) error {
	if created && head.Docs > l.Documents {
		return QuotaError{Of: "documents", Limit: l.Documents}
	}
	if head.Bytes > l.StorageBytes {
		return QuotaError{Of: "bytes", Limit: l.StorageBytes}
	}
	return nil
}
