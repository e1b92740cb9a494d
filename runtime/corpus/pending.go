package corpus

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Status is how far the newest upload of a document is.
type Status string

// The statuses.
const (
	Completed  Status = "completed"
	InProgress Status = "in_progress"
	Failed     Status = "failed"
)

// ErrQueueFull: as many uploads of the tenant wait as may.
var ErrQueueFull = errors.New("too many uploads are waiting")

// keepFailures is how long a failed upload is told of.
const keepFailures = 7 * 24 * time.Hour

// pendingMeta is what the database may not read of an upload.
type pendingMeta struct {
	ExternalID  string   `json:"external_id"`
	Title       string   `json:"title"`
	ContentType string   `json:"content_type"`
	Type        string   `json:"type"`
	Attributes  []byte   `json:"attributes,omitempty"` // as package filter encodes them
	Purpose     string   `json:"purpose,omitempty"`
	Owner       string   `json:"owner,omitempty"`
	Principals  []string `json:"principals"`
}

func pendingMetaOf(upload uuid.UUID) seal.Place {
	return seal.Place{Table: "upload", Column: "meta_ct", Row: upload[:]}
}

// Accept queues a file to become a document, in the place of one that waits under
// the same name; most may wait. It is idempotent: a file that waits, or has become
// its document, is not queued again. Errors: ErrQueueFull, QuotaError, those of the
// store's write door and of the keys.
func (c *Corpus) Accept(ctx context.Context, r Request, f File, most int64) (Document, error) {
	a := acceptance{most: most}
	if err := a.seal(r.keys(), f); err != nil {
		return Document{}, err
	}
	err := r.admission().Change(ctx, func(tx *store.Tx) error { return r.accept(ctx, tx, &a) })
	if err != nil {
		return Document{}, err
	}
	return r.present(a.document, a.row)
}

// acceptance is an upload on its way into the queue.
type acceptance struct {
	most       int64
	principals []string // that were said
	file       seal.Object
	row        store.Upload // of the upload that waits; zero when it is its document already
	document   store.Document
}

func (a *acceptance) seal(keys *seal.Keyring, f File) (err error) {
	document, err := uuid.NewV7() // as that of a document that is put
	if err != nil {
		return fmt.Errorf("document id: %w", err)
	}
	upload, err := uuid.NewV7() // jobs are done in the order of their ids
	if err != nil {
		return fmt.Errorf("upload id: %w", err)
	}
	a.row = store.Upload{ID: upload, Document: document, Bytes: int64(len(f.Data)), CreatedAt: time.Now().UTC().Truncate(time.Microsecond)}
	if a.row.ExtMAC, err = name(keys, f.Owner, f.ExternalID); err != nil {
		return err
	}
	if a.row.SentMAC, err = sentMAC(keys, f.Sent()); err != nil {
		return err
	}
	a.principals = f.Principals
	plain, err := json.Marshal(pendingMeta{
		ExternalID: f.ExternalID, Title: f.Title, ContentType: f.ContentType, Type: f.Type, Attributes: f.Attributes.Encode(),
		Purpose: f.Purpose, Owner: f.Owner, Principals: f.Principals,
	})
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if a.row.DEK, a.row.Meta, err = keys.SealCell(pendingMetaOf(a.row.ID), plain); err != nil {
		return err
	}
	a.file, err = keys.SealObject(seal.Source, f.Data, seal.MaxBlock)
	a.row.Source = a.file.ID
	return err
}

// accept queues the upload, unless the same one was accepted before.
func (r Request) accept(ctx context.Context, tx *store.Tx, a *acceptance) error {
	head, err := tx.LockHead(ctx)
	if err != nil {
		return err
	}
	found, err := named(ctx, &tx.Rows, a.row.ExtMAC)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	a.document = found.document
	if done, err := r.accepted(found, a); done || err != nil {
		return err
	}
	if found.lives() {
		a.row.Document = found.document.ID
	}
	if found.waits() {
		tx.RemoveUpload(found.upload)
	}
	if err := r.room(ctx, tx, head, a); err != nil {
		return err
	}
	addObjects(tx, a.file)
	tx.AddUpload(a.row)
	return r.record(tx, head)
}

// accepted reports whether the same file for the same readers waits already, or has become
// its document.
func (r Request) accepted(found found, a *acceptance) (bool, error) {
	reshared, err := r.reshares(found.document, a.principals)
	if err != nil || reshared {
		return false, err
	}
	switch {
	case hmac.Equal(found.upload.SentMAC, a.row.SentMAC) && found.upload.Code == "":
		a.row = found.upload
		return true, nil
	case !found.waits() && hmac.Equal(found.document.ContentMAC, a.row.SentMAC):
		a.row = store.Upload{}
		return true, nil
	}
	return false, nil
}

// room holds what waits, and would, against the queue and the tenant's plan.
func (r Request) room(ctx context.Context, tx *store.Tx, head store.Head, a *acceptance) error {
	tx.RemoveFailures(time.Now().Add(-keepFailures))
	waiting, err := tx.Waiting(ctx)
	if err != nil {
		return err
	}
	if waiting.Uploads >= a.most {
		return ErrQueueFull
	}
	head.Bytes += waiting.Bytes
	head.Docs += waiting.Created
	after := head
	after.Bytes += a.row.Bytes - a.document.Bytes
	if a.document.Source == uuid.Nil {
		after.Docs++
	}
	return within(r.Tenant.Limits, head, after)
}

// record writes the event of a change that leaves the index as it is.
func (r Request) record(tx *store.Tx, head store.Head) error {
	if err := r.Access.Change(tx, &head); err != nil {
		return err
	}
	tx.SaveHead(head)
	return nil
}

// Pending lists the uploads that are in progress, or those that have failed, by their
// documents' ids, after the given one.
func (c *Corpus) Pending(ctx context.Context, r Request, status Status, after uuid.UUID, limit int) ([]Document, error) {
	var docs []Document
	for {
		rows, live, err := r.uploads(ctx, status, after, limit)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			doc, err := r.present(live[row.Document], row)
			if err != nil {
				return nil, err
			}
			after = doc.ID
			if r.Caller.Sees(doc.Access) {
				docs = append(docs, doc)
			}
		}
		if len(rows) < limit || len(docs) >= limit {
			return docs[:min(limit, len(docs))], nil
		}
	}
}

// uploads reads a page of uploads, and the documents of which they are new versions: those
// say who may know of an upload.
func (r Request) uploads(ctx context.Context, status Status, after uuid.UUID, limit int) ([]store.Upload, map[uuid.UUID]store.Document, error) {
	var rows []store.Upload
	live := map[uuid.UUID]store.Document{}
	err := r.admission().Read(ctx, func(s *store.Rows) (err error) {
		if rows, err = s.Uploads(ctx, status == Failed, after, limit); err != nil {
			return err
		}
		ids := make([]uuid.UUID, len(rows))
		for i, row := range rows {
			ids[i] = row.Document
		}
		documents, err := s.DocumentsOf(ctx, ids)
		for _, d := range documents {
			live[d.ID] = d
		}
		return err
	})
	return rows, live, err
}

// reshares reports whether principals make a document that lives one for others.
func (r Request) reshares(row store.Document, principals []string) (bool, error) {
	if row.Source == uuid.Nil || principals == nil {
		return false, nil
	}
	doc, err := describe(r.keys(), row)
	now := principal.Access{Owner: doc.Access.Owner, Principals: principals}
	return !slices.Equal(now.Readers(), doc.Access.Readers()), err
}

// Claimed opens the file of a job. Errors: store.ErrLost.
func (c *Corpus) Claimed(ctx context.Context, r Request, job store.Job) (File, error) {
	var row store.Upload
	var blocks map[store.BlockRef][]byte
	err := r.admission().Read(ctx, func(rows *store.Rows) (err error) {
		if row, err = rows.UploadOf(ctx, job.ID); err != nil {
			return err
		}
		blocks, err = rows.Objects(ctx, []uuid.UUID{row.Source})
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return File{}, store.ErrLost
	}
	if err != nil {
		return File{}, err
	}
	m, err := openPending(r.keys(), row)
	if err != nil {
		return File{}, err
	}
	given, err := m.attributes(row)
	if err != nil {
		return File{}, err
	}
	data, err := whole(r.keys(), row.Source, seal.Source, blocks)
	return File{
		ExternalID: m.ExternalID, Title: m.Title, ContentType: m.ContentType, Type: m.Type, Attributes: given,
		Purpose: m.Purpose, Owner: m.Owner, Principals: m.Principals, Data: data,
	}, err
}

func openPending(keys *seal.Keyring, row store.Upload) (m pendingMeta, err error) {
	plain, err := keys.OpenCell(pendingMetaOf(row.ID), row.DEK, row.Meta)
	if err != nil {
		return m, fmt.Errorf("upload %s: %w", row.ID, err)
	}
	if err := json.Unmarshal(plain, &m); err != nil {
		return m, fmt.Errorf("upload %s: %w: metadata", row.ID, seal.ErrCorrupt)
	}
	return m, nil
}

// access is whose the document will be and for whom, unless one of that name lives.
func (m pendingMeta) access() principal.Access {
	if m.Principals == nil {
		return principal.Usual(m.Owner)
	}
	return principal.Access{Owner: m.Owner, Principals: m.Principals}
}

func (m pendingMeta) attributes(of store.Upload) (filter.Attributes, error) {
	given, err := filter.Decode(m.Attributes)
	if err != nil {
		return nil, fmt.Errorf("upload %s: %w: %w", of.ID, seal.ErrCorrupt, err)
	}
	return given, nil
}

// present describes what there is under a name.
func (r Request) present(document store.Document, upload store.Upload) (Document, error) {
	if upload.ID == uuid.Nil {
		return describe(r.keys(), document)
	}
	d := Document{Status: InProgress, Code: upload.Code}
	if upload.Code != "" {
		d.Status = Failed
	}
	if document.Source != uuid.Nil {
		lives, err := describe(r.keys(), document)
		lives.Status, lives.Code = d.Status, d.Code
		return lives, err
	}
	m, err := openPending(r.keys(), upload)
	if err == nil {
		d.Attributes, err = m.attributes(upload)
	}
	d.Access = m.access()
	d.ID, d.ExternalID, d.Title, d.Type, d.Bytes = upload.Document, m.ExternalID, m.Title, m.Type, upload.Bytes
	d.CreatedAt, d.UpdatedAt = upload.CreatedAt, upload.CreatedAt
	return d, err
}
