package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Upload is the row of a file that waits to become a document, or could not.
type Upload struct {
	ID        uuid.UUID // its job's, too
	Document  uuid.UUID // id that the document has or gets
	ExtMAC    []byte    // of the name that the tenant gave it
	SentMAC   []byte    // of all that the tenant sent
	Bytes     int64     // of the file
	Source    uuid.UUID // the object with the file, the zero id when it has failed
	DEK       uuid.UUID // seals Meta
	Meta      []byte    // sealed
	CreatedAt time.Time
	Code      string // why it has failed; empty while it waits
}

const selectUpload = `select u.upload_id, u.doc_id, u.ext_mac, u.sent_mac, u.bytes,
		coalesce(u.src_id, '00000000-0000-0000-0000-000000000000'), u.dek_id, u.meta_ct, u.created_at, coalesce(j.code, '')
	from upload u join job j on j.tenant_id = u.tenant_id and j.job_id = u.upload_id where u.tenant_id = $1 and `

// Upload finds an upload by the MAC of its document's external id or, failing that,
// by its document's id. Errors: ErrNotFound.
func (r *Rows) Upload(ctx context.Context, extMAC []byte, document uuid.UUID) (Upload, error) {
	return r.upload(ctx, selectUpload+`(u.ext_mac = $2 or u.doc_id = $3) order by (u.ext_mac = $2) desc limit 1`, r.tenant, extMAC, document)
}

// UploadOf finds the upload of a job. Errors: ErrNotFound.
func (r *Rows) UploadOf(ctx context.Context, job uuid.UUID) (Upload, error) {
	return r.upload(ctx, selectUpload+`u.upload_id = $2`, r.tenant, job)
}

// Uploads lists those that wait, or those that have failed, by their documents' ids,
// after the given one.
func (r *Rows) Uploads(ctx context.Context, failed bool, after uuid.UUID, limit int) ([]Upload, error) {
	return r.uploads(ctx, selectUpload+`(u.src_id is null) = $2 and u.doc_id > $3 order by u.doc_id limit $4`, r.tenant, failed, after, limit)
}

func (r *Rows) uploads(ctx context.Context, sql string, args ...any) ([]Upload, error) {
	rows, err := r.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Upload])
}

func (r *Rows) upload(ctx context.Context, sql string, args ...any) (Upload, error) {
	found, err := r.uploads(ctx, sql, args...)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Upload{}, err
	}
	return found[0], nil
}

// Queue is what a tenant has waiting.
type Queue struct {
	Uploads int64
	Created int64 // of Uploads, those that become new documents
	Bytes   int64 // of the files
}

// Waiting counts the uploads that have not failed.
func (r *Rows) Waiting(ctx context.Context) (Queue, error) {
	var q Queue
	row := r.tx.QueryRow(ctx, `select count(*), count(*) filter (where not exists (select from document d
			where d.tenant_id = u.tenant_id and d.doc_id = u.doc_id and d.state = 'live')), coalesce(sum(u.bytes), 0)::bigint
		from upload u where u.tenant_id = $1 and u.src_id is not null`, r.tenant)
	return q, row.Scan(&q.Uploads, &q.Created, &q.Bytes)
}

// AddUpload inserts an upload and its job.
func (t *Tx) AddUpload(u Upload) {
	t.write.queue(`insert into job (tenant_id, job_id, kind, ref) values ($1, $2, 'ingest', $3)`, t.tenant, u.ID, u.Document)
	t.write.queue(`insert into upload (tenant_id, upload_id, doc_id, ext_mac, sent_mac, bytes, src_id, dek_id, meta_ct, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		t.tenant, u.ID, u.Document, u.ExtMAC, u.SentMAC, u.Bytes, u.Source, u.DEK, u.Meta, u.CreatedAt)
}

// RemoveUpload deletes an upload, its job and its file.
func (t *Tx) RemoveUpload(u Upload) {
	for _, sql := range []string{ // in the order in which Fail locks
		`delete from job where tenant_id = $1 and job_id = $2`,
		`delete from blob where tenant_id = $1 and object_id = (select src_id from upload where tenant_id = $1 and upload_id = $2)`,
		`delete from upload where tenant_id = $1 and upload_id = $2`,
	} {
		t.write.queue(sql, t.tenant, u.ID)
	}
}

// RemoveFailures deletes uploads that failed before a time.
func (t *Tx) RemoveFailures(before time.Time) {
	t.write.queue(`with old as (delete from upload where tenant_id = $1 and src_id is null and created_at < $2 returning upload_id)
		delete from job where tenant_id = $1 and job_id in (select upload_id from old)`, t.tenant, before)
}
