package corpus

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"

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
	Owner      string   // a user; empty: the tenant
	Principals []string // that may read it beside its owner; nil: as before, or as is usual
	Purpose    string
	Type       string // media type of the file that Text was read from
	Sent       []byte // hash of all that the tenant sent; when empty, what is above stands for it

	Job *store.Job // that the upload is of, if it comes out of the queue
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

// Put stores an upload under its external id, and drops what waits in the queue under
// that id. It is idempotent: the same upload again changes nothing. Errors:
// QuotaError, ErrDemand, ErrRoom, engine.ErrDense, those of the store's write door and of
// the keys; store.ErrLost when the upload's job is.
func (c *Corpus) Put(ctx context.Context, r Request, up Upload) (doc Document, outcome Outcome, err error) {
	demand, err := r.demand(up)
	if err != nil {
		return Document{}, 0, err
	}
	made := vectors{} // once, however often it is tried
	err = c.change(ctx, r, func() error {
		leave, err := c.room.enter(ctx, r.keys(), demand) // not for what has to be done before it is tried again
		if err != nil {
			return err
		}
		defer leave()
		doc, outcome, err = c.put(ctx, r, up, made)
		return err
	})
	return doc, outcome, err
}

// Unchanged returns the document that a file has become, if the same file again would
// change nothing: it need not be read to know that.
func (c *Corpus) Unchanged(ctx context.Context, r Request, f File) (doc Document, there bool, err error) {
	mac, err := name(r.keys(), f.Owner, f.ExternalID)
	if err != nil {
		return doc, false, err
	}
	sent, err := sentMAC(r.keys(), f.Sent())
	if err != nil {
		return doc, false, err
	}
	var row found
	err = r.admission().Read(ctx, func(rows *store.Rows) (err error) {
		row, err = named(ctx, rows, mac)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return doc, false, nil
	case err != nil || row.waits() || !hmac.Equal(row.document.ContentMAC, sent):
		return doc, false, err
	}
	if reshared, err := r.reshares(row.document, f.Principals); err != nil || reshared {
		return doc, false, err
	}
	doc, err = describe(r.keys(), row.document)
	return doc, true, err
}

func (c *Corpus) put(ctx context.Context, r Request, up Upload, made vectors) (Document, Outcome, error) {
	ready, err := r.prepare(ctx, up, c.cache.bases(r.keys()))
	if err != nil {
		return Document{}, 0, err
	}
	ready.made = made
	if ready.unchanged() {
		doc, err := describe(r.keys(), ready.old)
		return doc, Unchanged, err
	}
	outcome := Created
	if ready.replaces() {
		outcome = Replaced
	}
	doc, err := c.save(ctx, r, ready, up)
	return doc, outcome, err
}

// save seals an upload and has it committed.
func (c *Corpus) save(ctx context.Context, r Request, ready *prepared, up Upload) (Document, error) {
	if err := ready.seal(r.keys(), up); err != nil {
		return Document{}, err
	}
	if err := c.index(ctx, r, ready, up); err != nil {
		return Document{}, err
	}
	if err := c.writers.write(ctx, c, &write{request: r, prepared: ready}); err != nil {
		return Document{}, err
	}
	return describe(r.keys(), ready.row)
}

// commit writes a created or replaced document and its event. Errors: errRaced,
// QuotaError, store.ErrLost.
func (r Request) commit(ctx context.Context, tx *store.Tx, e *edition, ready *prepared) error {
	old, err := makeWay(ctx, tx, ready)
	if err != nil {
		return err
	}
	before := e.head
	e.head.Bytes += ready.row.Bytes - old.Bytes
	if ready.replaces() {
		e.manifest.dead = append(e.manifest.dead, old.Source)
		tx.RemoveObjects(old.Source)
	} else {
		e.head.Docs++
	}
	if err := within(r.Tenant.Limits, before, e.head); err != nil {
		return err
	}
	addObjects(tx, ready.source)
	ready.row.Generation = e.head.Generation
	tx.SaveDocument(ready.row)
	return r.Access.Change(tx, &e.head)
}

// makeWay finds what an upload replaces, and takes what waits under its name, which
// was sent before or is this very upload, out of the queue. Errors: errRaced,
// store.ErrLost.
func makeWay(ctx context.Context, tx *store.Tx, ready *prepared) (store.Document, error) {
	if ready.job != nil {
		if err := tx.Hold(ctx, *ready.job); err != nil {
			return store.Document{}, err
		}
	}
	there, err := named(ctx, &tx.Rows, ready.row.ExtMAC)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return store.Document{}, err
	case there.document.Source != ready.old.Source:
		return store.Document{}, errRaced
	case there.waits():
		tx.RemoveUpload(there.upload)
	}
	return there.document, nil
}

// within holds what a change adds against the tenant's plan. One that adds nothing is
// allowed to who is over it, as after the plan was lowered: it leads back.
func within(l binding.Limits, before, after store.Head) error {
	if after.Docs > max(before.Docs, l.Documents) {
		return QuotaError{Of: "documents", Limit: l.Documents}
	}
	if after.Bytes > max(before.Bytes, l.StorageBytes) {
		return QuotaError{Of: "bytes", Limit: l.StorageBytes}
	}
	return nil
}
