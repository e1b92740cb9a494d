package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ErrNotFound: the tenant has no such live document.
var ErrNotFound = errors.New("document not found")

// Document is the row of a live document.
type Document struct {
	ID         uuid.UUID
	ExtMAC     []byte    // of the name that the tenant gave it
	ContentMAC []byte    // of all that an upload sets
	Bytes      int64     // plain size
	Generation int64     // of the tenant's head, when it last changed
	Source     uuid.UUID // the object with its text, fresh with every upload
	DEK        uuid.UUID // seals Meta
	Meta       []byte    // sealed
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

const documentColumns = `doc_id, ext_mac, content_mac, bytes, generation, src_id, dek_id, meta_ct, created_at, updated_at`

// Document finds a live document by the MAC of its external id or, failing
// that, by its id. Errors: ErrNotFound.
func (r *Rows) Document(ctx context.Context, extMAC []byte, id uuid.UUID) (Document, error) {
	docs, err := r.documents(ctx, `select `+documentColumns+` from document
		where tenant_id = $1 and state = 'live' and (ext_mac = $2 or doc_id = $3)
		order by (ext_mac = $2) desc limit 1`, r.tenant, extMAC, id)
	if err == nil && len(docs) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Document{}, err
	}
	return docs[0], nil
}

// Documents lists live documents by id, after the given one.
func (r *Rows) Documents(ctx context.Context, after uuid.UUID, limit int) ([]Document, error) {
	return r.documents(ctx, `select `+documentColumns+` from document
		where tenant_id = $1 and state = 'live' and doc_id > $2 order by doc_id limit $3`, r.tenant, after, limit)
}

// DocumentsOf lists those of the given documents that live, by id.
func (r *Rows) DocumentsOf(ctx context.Context, ids []uuid.UUID) ([]Document, error) {
	return r.documents(ctx, `select `+documentColumns+` from document
		where tenant_id = $1 and state = 'live' and doc_id = any($2) order by doc_id`, r.tenant, ids)
}

func (r *Rows) documents(ctx context.Context, sql string, args ...any) ([]Document, error) {
	rows, err := r.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Document])
}

// SaveDocument inserts the document or replaces the one with the same id.
func (t *Tx) SaveDocument(d Document) {
	t.write.queue(`insert into document
		(tenant_id, doc_id, ext_mac, content_mac, state, bytes, generation, src_id, dek_id, meta_ct, created_at, updated_at)
		values ($1, $2, $3, $4, 'live', $5, $6, $7, $8, $9, $10, $11)
		on conflict (tenant_id, doc_id) do update set ext_mac = $3, content_mac = $4, bytes = $5, generation = $6,
			src_id = $7, dek_id = $8, meta_ct = $9, updated_at = $11`,
		t.tenant, d.ID, d.ExtMAC, d.ContentMAC, d.Bytes, d.Generation, d.Source, d.DEK, d.Meta, d.CreatedAt, d.UpdatedAt)
}

// BuryDocument turns a live document into a tombstone of the given generation.
func (t *Tx) BuryDocument(id uuid.UUID, generation int64) {
	t.write.queue(`update document set state = 'deleted', bytes = 0, generation = $3, ext_mac = null,
			content_mac = null, src_id = null, dek_id = null, meta_ct = null, updated_at = now()
		where tenant_id = $1 and doc_id = $2`, t.tenant, id, generation)
}
