package corpus

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
)

// MaxStores is how many vector stores a document may be in.
const MaxStores = 32

// ErrStores: the document is in as many vector stores as it may be.
var ErrStores = errors.New("the document is in too many vector stores")

// Amendment is what can be changed of a document beside its text.
type Amendment struct {
	Attributes filter.Attributes
	Stores     []uuid.UUID
	Principals []string // that may read it beside its owner
}

// Amend changes a document that is the caller's to change, and leaves its text. It costs what an
// upload of the text costs, but for its vectors by a model, which are those of before.
// Errors: store.ErrNotFound, store.ErrNoVectorStore, ErrOwner of the document or of a vector
// store that it is put into or taken out of, ErrStores, ErrRoom, those of edit, of the write door and of
// the keys.
func (c *Corpus) Amend(ctx context.Context, r Request, ref string, edit func(*Amendment) error) (doc Document, err error) {
	err = c.change(ctx, r, func() error {
		doc, err = c.amend(ctx, r, ref, edit)
		if errors.Is(err, ErrChanged) {
			return errRaced
		}
		return err
	})
	return doc, err
}

func (c *Corpus) amend(ctx context.Context, r Request, ref string, edit func(*Amendment) error) (Document, error) {
	content, as, err := c.edited(ctx, r, ref, edit)
	if err != nil {
		return Document{}, err
	}
	if as.equal(content.amendment()) {
		return content.Document, nil
	}
	leave, err := c.room.enter(ctx, r.keys(), min(demandOf(content.Bytes), c.room.bytes))
	if err != nil {
		return Document{}, err
	}
	defer leave()
	up := content.upload()
	up.Attributes, up.Principals = as.Attributes, as.Principals
	if up.Text, err = content.all(ctx); err != nil {
		return Document{}, err
	}
	ready, err := r.prepare(ctx, up, c.cache.bases(r.keys()))
	if err != nil {
		return Document{}, err
	}
	if ready.old.Source != content.source.Object {
		return Document{}, errRaced // or the text of before would be put back
	}
	ready.stores, ready.row.ContentMAC = as.Stores, ready.old.ContentMAC // the same file again changes nothing
	if ready.made, err = c.kept(ctx, r, content.source.Object, engine.Split(string(up.Text), up.Media)); err != nil {
		return Document{}, err
	}
	return c.save(ctx, r, ready, up)
}

// MayAmend reports why Amend would not. Errors: those of Amend.
func (c *Corpus) MayAmend(ctx context.Context, r Request, ref string, edit func(*Amendment) error) error {
	_, _, err := c.edited(ctx, r, ref, edit)
	return err
}

// edited opens a document, and tells what an edit makes of it if the caller may have it so.
func (c *Corpus) edited(ctx context.Context, r Request, ref string, edit func(*Amendment) error) (*Content, Amendment, error) {
	content, err := c.Open(ctx, r, ref, 0, -1)
	if err != nil {
		return nil, Amendment{}, err
	}
	if !r.Caller.Changes(content.Access) {
		return nil, Amendment{}, ErrOwner
	}
	if content.Stores, err = r.living(ctx, content.Stores); err != nil {
		return nil, Amendment{}, err
	}
	as := content.amendment()
	if err := edit(&as); err != nil {
		return nil, Amendment{}, err
	}
	if len(as.Stores) > MaxStores {
		return nil, Amendment{}, ErrStores
	}
	return content, as, r.mayMove(ctx, content.Stores, as.Stores)
}

// amendment is what a document is already.
func (d Document) amendment() Amendment {
	return Amendment{d.Attributes, append([]uuid.UUID(nil), d.Stores...), append([]string{}, d.Access.Principals...)}
}

func (a Amendment) equal(b Amendment) bool {
	return bytes.Equal(joinIDs(a.Stores), joinIDs(b.Stores)) && bytes.Equal(a.Attributes.Encode(), b.Attributes.Encode()) &&
		slices.Equal(a.Principals, b.Principals)
}

// upload is the upload that a document is of, without its text.
func (d Document) upload() Upload {
	return Upload{
		ExternalID: d.ExternalID, Title: d.Title, Media: d.Media, Type: d.Type, Attributes: d.Attributes, Purpose: d.Purpose,
		Owner: d.Access.Owner, Principals: d.Access.Principals,
	}
}

// all reads the rest of the range.
func (c *Content) all(ctx context.Context) ([]byte, error) {
	text := make([]byte, 0, c.End-c.at)
	for c.More() {
		piece, err := c.Next(ctx)
		if err != nil {
			return nil, err
		}
		text = append(text, piece...)
	}
	return text, nil
}
