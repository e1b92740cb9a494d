package corpus

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Upload is a document as a tenant gives it.
type Upload struct {
	ExternalID string
	Title      string
	Media      engine.Media
	Text       []byte // valid UTF-8
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

// sourceBlock is the plain size of a source's blocks: a passage needs one or two.
const sourceBlock = 16 << 10

// sealed is an upload that is ready to be stored.
type sealed struct {
	row         store.Document
	source, lex seal.Object
}

// Put stores an upload under its external id. It is idempotent: the same
// upload again changes nothing. Errors: QuotaError, those of the store's write
// door and of the keys.
func (c *Corpus) Put(ctx context.Context, r Request, up Upload) (Document, Outcome, error) {
	keys := r.keys()
	ready, err := sealUpload(keys, up)
	if err != nil {
		return Document{}, 0, err
	}
	outcome := Unchanged
	err = r.admission().Change(ctx, func(tx *store.Tx) error {
		head, err := tx.LockHead(ctx)
		if err != nil {
			return err
		}
		old, err := tx.Document(ctx, ready.row.ExtMAC, uuid.Nil)
		switch {
		case errors.Is(err, store.ErrNotFound):
			outcome, old = Created, store.Document{ID: ready.row.ID, CreatedAt: ready.row.CreatedAt}
			head.Docs++
		case err != nil:
			return err
		case hmac.Equal(old.ContentMAC, ready.row.ContentMAC):
			outcome, ready.row = Unchanged, old
			return nil
		default:
			outcome = Replaced
		}
		head.Bytes += ready.row.Bytes - old.Bytes
		if err := within(r.Tenant.Limits, head, outcome); err != nil {
			return err
		}
		if err := ready.become(keys, up, old); err != nil {
			return err
		}
		return commit(ctx, tx, r, &head, ready, old)
	})
	if err != nil {
		return Document{}, 0, err
	}
	doc, err := describe(keys, ready.row)
	return doc, outcome, err
}

// within holds the head that a change would leave against the tenant's plan.
func within(l binding.Limits, head store.Head, outcome Outcome) error {
	if outcome == Created && head.Docs > l.Documents {
		return QuotaError{Of: "documents", Limit: l.Documents}
	}
	if head.Bytes > l.StorageBytes {
		return QuotaError{Of: "bytes", Limit: l.StorageBytes}
	}
	return nil
}

// commit writes a created or replaced document, its event and the head.
func commit(ctx context.Context, tx *store.Tx, r Request, head *store.Head, ready sealed, old store.Document) error {
	head.Generation++
	ready.row.Generation = head.Generation
	if old.Source != uuid.Nil {
		if err := tx.RemoveObjects(ctx, old.Source, old.Lexicon); err != nil {
			return err
		}
	}
	for _, o := range []seal.Object{ready.source, ready.lex} {
		if err := tx.AddObject(ctx, o.ID, o.Kind.String(), o.Parts); err != nil {
			return err
		}
	}
	if err := tx.SaveDocument(ctx, ready.row); err != nil {
		return err
	}
	if err := r.Access.Change(ctx, tx, head); err != nil {
		return err
	}
	return tx.SaveHead(ctx, *head)
}

// sealUpload does, outside of the transaction, all that needs no row.
func sealUpload(keys *seal.Keyring, up Upload) (sealed, error) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	id, err := uuid.NewV7() // listings are in order of creation
	if err != nil {
		return sealed{}, fmt.Errorf("document id: %w", err)
	}
	s := sealed{row: store.Document{ID: id, Bytes: int64(len(up.Text)), CreatedAt: now, UpdatedAt: now}}
	if s.row.ExtMAC, err = name(keys, up.ExternalID); err != nil {
		return sealed{}, err
	}
	if s.row.ContentMAC, err = keys.MAC("document/content_mac", []byte(up.Title), []byte{byte(up.Media)}, up.Text); err != nil {
		return sealed{}, err
	}
	if s.source, err = keys.SealObject(seal.Source, up.Text, sourceBlock); err != nil {
		return sealed{}, err
	}
	chunks, err := json.Marshal(engine.Split(string(up.Text), up.Media))
	if err != nil {
		return sealed{}, fmt.Errorf("chunks: %w", err)
	}
	if s.lex, err = keys.SealObject(seal.Lexicon, chunks, seal.MaxBlock); err != nil {
		return sealed{}, err
	}
	s.row.Source, s.row.Lexicon = s.source.ID, s.lex.ID
	return s, nil
}

// become gives the upload the identity of the document that it replaces, if
// any, and seals its metadata for that row.
func (s *sealed) become(keys *seal.Keyring, up Upload, old store.Document) error {
	s.row.ID, s.row.CreatedAt = old.ID, old.CreatedAt
	plain, err := json.Marshal(meta{ExternalID: up.ExternalID, Title: up.Title, Media: up.Media})
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	s.row.DEK, s.row.Meta, err = keys.SealCell(metaOf(s.row.ID), plain)
	return err
}
