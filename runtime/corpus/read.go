package corpus

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// ErrRange: the range does not lie within the document.
var ErrRange = errors.New("range is outside of the document")

// ErrChanged: the document was replaced or deleted while it was read.
var ErrChanged = errors.New("document changed while it was read")

// List returns a page of documents by id, after the given one.
func (c *Corpus) List(ctx context.Context, r Request, after uuid.UUID, limit int) ([]Document, error) {
	if !r.Caller.May(principal.Admin) {
		return c.listSeen(ctx, r, after, limit)
	}
	return r.documents(ctx, func(s *store.Rows) ([]store.Document, error) { return s.Documents(ctx, after, limit) })
}

// listSeen is List for who sees some documents only. The index knows which.
func (c *Corpus) listSeen(ctx context.Context, r Request, after uuid.UUID, limit int) ([]Document, error) {
	ids, err := c.seenIDs(ctx, r, after)
	var seen []Document
	for len(seen) < limit && len(ids) > 0 && err == nil {
		some := ids[:min(limit-len(seen), len(ids))]
		ids = ids[len(some):]
		var docs []Document
		docs, err = r.documents(ctx, func(s *store.Rows) ([]store.Document, error) { return s.DocumentsOf(ctx, some) })
		for _, doc := range docs { // which may have changed since
			if r.Caller.Sees(doc.Access) {
				seen = append(seen, doc)
			}
		}
	}
	return seen, err
}

func (r Request) documents(ctx context.Context, read func(*store.Rows) ([]store.Document, error)) ([]Document, error) {
	var rows []store.Document
	err := r.admission().Read(ctx, func(s *store.Rows) (err error) {
		rows, err = read(s)
		return err
	})
	if err != nil {
		return nil, err
	}
	docs := make([]Document, len(rows))
	for i, row := range rows {
		if docs[i], err = describe(r.keys(), row); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// Get describes a document by its external id or id. Errors: store.ErrNotFound.
func (c *Corpus) Get(ctx context.Context, r Request, ref string) (Document, error) {
	there, err := r.lookUp(ctx, ref)
	return there.shown, err
}

func (r Request) lookUp(ctx context.Context, ref string) (f found, err error) {
	to, err := r.reference(ref)
	if err != nil {
		return found{}, err
	}
	err = r.admission().Read(ctx, func(s *store.Rows) (err error) {
		f, err = r.find(ctx, s, to)
		return err
	})
	return f, err
}

// Content is a byte range of a document's text, ready to be read.
type Content struct {
	Document
	Start, End int64

	at     int64 // what Next begins with
	req    Request
	source *seal.Opener
}

// Open prepares to read bytes [start, end) of a document; an end of -1 is that
// of the document. Errors: store.ErrNotFound, ErrRange.
func (c *Corpus) Open(ctx context.Context, r Request, ref string, start, end int64) (*Content, error) {
	there, err := r.lookUp(ctx, ref)
	if err != nil {
		return nil, err
	}
	row := there.document
	if !there.lives() {
		return nil, store.ErrNotFound // there is no text yet
	}
	doc, err := describe(r.keys(), row)
	if err != nil {
		return nil, err
	}
	if end < 0 {
		end = doc.Bytes
	}
	if start < 0 || start > end || end > doc.Bytes {
		return nil, fmt.Errorf("%w: it has %d bytes", ErrRange, doc.Bytes)
	}
	header := store.BlockRef{Object: row.Source}
	blocks, err := r.blocks(ctx, []store.BlockRef{header})
	if err != nil {
		return nil, err
	}
	encoded, ok := blocks[header]
	if !ok {
		return nil, ErrChanged
	}
	source, err := r.keys().OpenObject(row.Source, seal.Source, encoded)
	if err != nil {
		return nil, err
	}
	return &Content{Document: doc, Start: start, End: end, at: start, req: r, source: source}, nil
}

// window is how much of a document is in memory at a time while it is read.
const window = 1 << 20

// More reports whether Next has another piece.
func (c *Content) More() bool { return c.at < c.End }

// Next returns the next piece of the range. Between two pieces no connection is
// held, so a slow reader keeps none from others.
func (c *Content) Next(ctx context.Context) ([]byte, error) {
	next := min(c.at+window, c.End)
	blocks, err := c.req.blocks(ctx, refs(c.source, c.at, next))
	if err != nil {
		return nil, err
	}
	piece, err := cut(c.source, blocks, c.at, next)
	if err != nil {
		return nil, err
	}
	c.at = next
	return piece, nil
}

func (r Request) blocks(ctx context.Context, refs []store.BlockRef) (map[store.BlockRef][]byte, error) {
	return r.admission().Blocks(ctx, refs)
}

// refs names the blocks that hold the plain bytes [start, end).
func refs(o *seal.Opener, start, end int64) []store.BlockRef {
	first, last, _ := o.Span(start, end)
	var all []store.BlockRef
	for i := first; i <= last; i++ {
		all = append(all, store.BlockRef{Object: o.Object, No: int32(i + 1)})
	}
	return all
}

// cut opens fetched blocks and returns the plain bytes [start, end).
func cut(o *seal.Opener, blocks map[store.BlockRef][]byte, start, end int64) ([]byte, error) {
	if end > o.Len() {
		return nil, seal.ErrCorrupt
	}
	first, last, offset := o.Span(start, end)
	size := 0 // of what there is: what the header says is not believed yet
	for i := first; i <= last; i++ {
		size += len(blocks[store.BlockRef{Object: o.Object, No: int32(i + 1)}])
	}
	plain := make([]byte, 0, size)
	for i := first; i <= last; i++ {
		sealed, ok := blocks[store.BlockRef{Object: o.Object, No: int32(i + 1)}]
		if !ok {
			return nil, ErrChanged
		}
		var err error
		if plain, err = o.Append(plain, i, sealed); err != nil {
			return nil, err
		}
	}
	return plain[start-offset : end-offset], nil
}
