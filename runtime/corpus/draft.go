package corpus

import (
	"context"
	"fmt"
	"math"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/segment"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// draft is an index in the tenant's language while it is made, without vectors. It
// follows the documents in the order in which they change, which is that of the head's
// generations: what was indexed and changes comes by once more.
type draft struct {
	request Request
	head    store.Head              // as it was at the start
	at      store.Cursor            // all up to here is in it
	limit   int64                   // bytes
	sources map[uuid.UUID]uuid.UUID // of the documents that are in it
	view    *view
	objects map[pinned]seal.Object // that hold its segments
}

func newDraft(r Request, head store.Head) *draft {
	d := &draft{
		request: r, head: head, limit: math.MaxInt64,
		sources: map[uuid.UUID]uuid.UUID{}, view: newView(), objects: map[pinned]seal.Object{},
	}
	d.view.manifest.language = r.Tenant.Language
	return d
}

// changed are some documents that have changed, with their texts.
type changed struct {
	rows   []store.Document
	blocks map[store.BlockRef][]byte
	more   bool // there may be
}

// read reads what comes next: documents of at most so many bytes, or one that has more.
func (d *draft) read(ctx context.Context, rows *store.Rows, most int64) (some changed, err error) {
	page, err := rows.Changes(ctx, d.at, d.head.Generation, readDocuments)
	if err != nil || len(page) == 0 {
		return changed{}, err
	}
	n, sum := 1, page[0].Bytes
	for ; n < len(page) && sum+page[n].Bytes <= most; n++ {
		sum += page[n].Bytes
	}
	some.rows, some.more = page[:n], n < len(page) || len(page) == readDocuments
	var sources []uuid.UUID
	for _, row := range some.rows {
		sources = append(sources, row.Source)
	}
	some.blocks, err = rows.Objects(ctx, sources)
	return some, err
}

// add indexes what was read. Errors: ErrTooLarge, seal.ErrCorrupt, those of the keys.
func (d *draft) add(ctx context.Context, some changed) error {
	var documents []engine.Document
	for _, row := range some.rows {
		d.at = row.Cursor()
		if before, there := d.sources[row.ID]; there {
			d.view.manifest.dead = append(d.view.manifest.dead, before)
			delete(d.sources, row.ID)
		}
		if row.Source == uuid.Nil {
			continue
		}
		document, err := d.request.indexed(row, some.blocks)
		if err != nil {
			return err
		}
		documents = append(documents, document)
		d.sources[row.ID] = row.Source
	}
	if len(documents) == 0 {
		return nil
	}
	encoded, err := engine.Build(ctx, d.request.Tenant.Language, documents)
	if err != nil {
		return err
	}
	return d.list(encoded)
}

// list seals a segment and lists it, unless it has no documents any more.
func (d *draft) list(encoded []byte) error {
	made, err := sealSegment(d.request.keys(), encoded)
	if err != nil || made.documents == 0 {
		return err
	}
	opened, err := segment.Open(encoded)
	if err != nil {
		return err
	}
	m := &d.view.manifest
	m.segments = append(m.segments, made.member)
	d.view.segments[made.lexicon], d.view.memory[made.lexicon] = opened, newMemory(encoded)
	d.objects[made.lexicon] = made.objects[0]
	if m.segmentBytes() > d.limit {
		return ErrTooLarge
	}
	return nil
}

// forget zeroes a segment.
func (d *draft) forget(lexicon pinned) {
	d.view.memory[lexicon].zero()
	delete(d.view.memory, lexicon)
	delete(d.view.segments, lexicon)
	delete(d.objects, lexicon)
}

// close zeroes all segments.
func (d *draft) close() {
	for lexicon := range d.objects {
		d.forget(lexicon)
	}
}

// merge merges the segments that are due.
func (d *draft) merge() error {
	chosen := due(d.view.weigh())
	if len(chosen) == 0 {
		return nil
	}
	sources, dead := d.view.sources(chosen)
	encoded, err := segment.Merge(sources)
	if err != nil {
		return err
	}
	d.view.manifest.remove(chosen, dead)
	for _, m := range chosen {
		d.forget(m.lexicon)
	}
	return d.list(encoded)
}

// store stores the segments that are not stored yet.
func (d *draft) store(tx *store.Tx, stored map[pinned]bool) {
	for listed, object := range d.objects {
		if !stored[listed] {
			addObjects(tx, object)
			stored[listed] = true
		}
	}
}

// bytes are those of the texts.
func (some changed) bytes() (sum int64) {
	for _, row := range some.rows {
		sum += row.Bytes
	}
	return sum
}

// indexed is what is indexed of a document that is there.
func (r Request) indexed(row store.Document, blocks map[store.BlockRef][]byte) (engine.Document, error) {
	doc, err := describe(r.keys(), row)
	if err != nil {
		return engine.Document{}, err
	}
	up, ready := doc.upload(), prepared{row: row, stores: doc.Stores, access: doc.Access}
	if up.Text, err = whole(r.keys(), row.Source, seal.Source, blocks); err != nil {
		return engine.Document{}, fmt.Errorf("document %s: %w", row.ID, err)
	}
	return ready.document(up), nil
}
