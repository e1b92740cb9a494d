package store

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Event is one row of an audit chain.
type Event struct {
	Lane       int64
	Seq        int64
	At         time.Time // whole microseconds, as the database keeps them
	Kind       string
	DEK        uuid.UUID // seals Envelope
	Envelope   []byte    // sealed
	Commitment []byte
	Prev       []byte // Hash of the event before
	Hash       []byte
}

const insertEvents = `insert into audit_event (tenant_id, lane, seq, at, kind, dek_id, envelope_ct, commitment, prev, hash)
	select $1, * from unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[], $6::uuid[], $7::bytea[], $8::bytea[], $9::bytea[], $10::bytea[])`

// AddEvents appends to lane 0, within the transaction of the change that the
// events tell of.
func (t *Tx) AddEvents(events []Event) {
	t.write.queue(insertEvents, eventArgs(t.tenant, events)...)
}

func queueEvents(batch *pgx.Batch, tenant uuid.UUID, events []Event) {
	batch.Queue(insertEvents, eventArgs(tenant, events)...)
}

// eventArgs turns rows into the columns that insertEvents unnests.
func eventArgs(tenant uuid.UUID, events []Event) []any {
	n := len(events)
	lanes, seqs, ats, kinds := make([]int64, n), make([]int64, n), make([]time.Time, n), make([]string, n)
	deks := make([]uuid.UUID, n)
	envelopes, commitments, prevs, hashes := make([][]byte, n), make([][]byte, n), make([][]byte, n), make([][]byte, n)
	for i, e := range events {
		lanes[i], seqs[i], ats[i], kinds[i], deks[i] = e.Lane, e.Seq, e.At, e.Kind, e.DEK
		envelopes[i], commitments[i], prevs[i], hashes[i] = e.Envelope, e.Commitment, e.Prev, e.Hash
	}
	return []any{tenant, lanes, seqs, ats, kinds, deks, envelopes, commitments, prevs, hashes}
}
