package corpus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// view is a tenant's documents as of a stamp, ready to be searched. It does
// not change; the zero view is older than any other.
type view struct {
	stamp store.Stamp
	index *engine.Index
	files map[uuid.UUID]file
	bytes int64
}

// file is what a hit's document is shown with.
type file struct {
	externalID, title string
	source            *seal.Opener
}

// fileBytes is about what a file takes in memory beside its strings.
const fileBytes = 256

// covers reports whether v is at least as new as the stamp.
func (v *view) covers(s store.Stamp) bool {
	return v.index != nil && (v.stamp.Incarnation > s.Incarnation ||
		v.stamp.Incarnation == s.Incarnation && v.stamp.Generation >= s.Generation)
}

const loadTimeout = 60 * time.Second

// view returns the tenant's view, at least as new as the access began. Of the
// requests that need a newer one than is cached, one loads the difference.
func (c *Corpus) view(ctx context.Context, r Request) (*view, error) {
	want := r.admission().Stamp()
	for {
		if v := c.cache.get(r.keys()); v.covers(want) {
			return v, r.keys().Check()
		}
		// A load that began before this access may end short of it: ask again then.
		load := c.cache.loads.DoChan(fmt.Sprintf("%p", r.keys()), func() (any, error) {
			shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
			defer cancel()
			return c.load(shared, r)
		})
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case done := <-load:
			if done.Err != nil {
				return nil, done.Err
			}
			if v := done.Val.(*view); v.covers(want) {
				return v, r.keys().Check()
			}
		}
	}
}

// ErrTooLarge: the tenant's documents do not fit the memory of search indexes.
var ErrTooLarge = errors.New("the documents are too large to be searched")

// estimate is about what the index of documents takes in memory: as much as their
// text (1.02 times the Cranfield collection's), and what each is shown with.
func estimate(documents, bytes int64) int64 { return bytes + documents*fileBytes }

// load brings the cached view up to the newest committed generation.
func (c *Corpus) load(ctx context.Context, r Request) (*view, error) {
	release, err := c.makeRoom(ctx, r)
	if err != nil {
		return nil, err
	}
	defer release()
	v := c.cache.get(r.keys())
	err = r.admission().Read(ctx, func(rows *store.Rows) error {
		stamp, err := rows.Stamp(ctx)
		if err != nil {
			return err
		}
		v, err = v.follow(ctx, rows, r.keys(), stamp)
		return err
	})
	if err != nil {
		return nil, err
	}
	release() // the view takes its place
	c.cache.put(r.keys(), v)
	if err := r.keys().Check(); err != nil { // dropped meanwhile: nobody will evict the view after this
		c.cache.drop(r.keys())
		return nil, err
	}
	return v, nil
}

// makeRoom reserves what a whole view will take, before a connection is held for
// it. One that is there grows in place, as long as all of it fits.
func (c *Corpus) makeRoom(ctx context.Context, r Request) (release func(), err error) {
	var bytes int64
	err = r.admission().Read(ctx, func(rows *store.Rows) error {
		documents, text, err := rows.Size(ctx)
		bytes = estimate(documents, text)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case bytes > c.cache.limit:
		c.cache.drop(r.keys())
		return nil, ErrTooLarge
	case c.cache.get(r.keys()).index != nil:
		return func() {}, nil
	}
	return c.cache.reserve(ctx, bytes)
}

// follow applies what changed up to the stamp of the snapshot.
func (v *view) follow(ctx context.Context, rows *store.Rows, keys *seal.Keyring, stamp store.Stamp) (*view, error) {
	next := &view{stamp: stamp, index: engine.NewIndex(language.English), files: map[uuid.UUID]file{}}
	var since int64
	if v.index != nil && v.stamp.Incarnation == stamp.Incarnation {
		next.index, next.files, since = v.index, maps.Clone(v.files), v.stamp.Generation
	}
	deleted, err := rows.DeletedSince(ctx, since)
	if err != nil {
		return nil, err
	}
	next.index = next.index.With(nil, deleted)
	for _, id := range deleted {
		delete(next.files, id)
	}
	if err := next.add(ctx, rows, keys, since); err != nil {
		return nil, err
	}
	next.bytes = next.index.Bytes()
	for _, f := range next.files {
		next.bytes += int64(fileBytes + len(f.externalID) + len(f.title))
	}
	return next, nil
}

// Documents are loaded in batches, bounded in number and in plain bytes.
const (
	batchDocuments = 256
	batchBytes     = 8 << 20
)

// add indexes the documents that are newer than a generation.
func (v *view) add(ctx context.Context, rows *store.Rows, keys *seal.Keyring, since int64) error {
	for after := uuid.Nil; ; {
		page, err := rows.ChangedSince(ctx, since, after, batchDocuments)
		if err != nil || len(page) == 0 {
			return err
		}
		batch := page[:prefix(page)]
		if err := v.addBatch(ctx, rows, keys, batch); err != nil {
			return err
		}
		after = batch[len(batch)-1].ID
	}
}

// prefix is how many documents fit a batch, at least one.
func prefix(page []store.Document) int {
	sum := page[0].Bytes
	for n := 1; n < len(page); n++ {
		if sum += page[n].Bytes; sum > batchBytes {
			return n
		}
	}
	return len(page)
}

func (v *view) addBatch(ctx context.Context, rows *store.Rows, keys *seal.Keyring, batch []store.Document) error {
	var ids []uuid.UUID
	for _, d := range batch {
		ids = append(ids, d.Source, d.Lexicon)
	}
	blocks, err := rows.Objects(ctx, ids)
	if err != nil {
		return err
	}
	var docs []engine.Document
	for _, row := range batch {
		doc, f, err := unseal(keys, row, blocks)
		if err != nil {
			return fmt.Errorf("document %s: %w", row.ID, err)
		}
		docs = append(docs, doc)
		v.files[row.ID] = f
	}
	v.index = v.index.With(docs, nil)
	return nil
}

// unseal opens all of a document.
func unseal(keys *seal.Keyring, row store.Document, blocks map[store.BlockRef][]byte) (engine.Document, file, error) {
	doc, err := describe(keys, row)
	if err != nil {
		return engine.Document{}, file{}, err
	}
	source, text, err := whole(keys, row.Source, seal.Source, blocks)
	if err != nil {
		return engine.Document{}, file{}, err
	}
	_, encoded, err := whole(keys, row.Lexicon, seal.Lexicon, blocks)
	if err != nil {
		return engine.Document{}, file{}, err
	}
	var chunks []engine.Chunk
	if err := json.Unmarshal(encoded, &chunks); err != nil {
		return engine.Document{}, file{}, fmt.Errorf("%w: chunks", seal.ErrCorrupt)
	}
	return engine.Document{ID: row.ID, Title: doc.Title, Text: string(text), Chunks: chunks},
		file{externalID: doc.ExternalID, title: doc.Title, source: source}, nil
}

// whole opens all blocks of an object.
func whole(keys *seal.Keyring, id uuid.UUID, kind seal.Kind, blocks map[store.BlockRef][]byte) (*seal.Opener, []byte, error) {
	opener, err := keys.OpenObject(id, kind, blocks[store.BlockRef{Object: id}])
	if err != nil {
		return nil, nil, err
	}
	plain, err := cut(opener, blocks, 0, opener.Len())
	return opener, plain, err
}
