package corpus

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// ErrOwner: the caller sees it, and it is for somebody else to change.
var ErrOwner = errors.New("it belongs to somebody else")

// reference is what a path names a document by: the MACs of names, in the order in which
// they are looked for, and failing them its id.
type reference struct {
	names [][]byte
	id    uuid.UUID
}

// reference reads what a path names a document by: an external id of the owner's, one of
// the tenant's, or an id.
func (r Request) reference(ref string) (to reference, err error) {
	owners := []string{""}
	if r.Owner != "" {
		owners = []string{r.Owner, ""}
	}
	for _, owner := range owners {
		mac, err := name(r.keys(), owner, ref)
		if err != nil {
			return to, err
		}
		to.names = append(to.names, mac)
	}
	if to.id, err = uuid.Parse(ref); err != nil {
		to.id = uuid.Nil
	}
	return to, nil
}

// found is what there is under a name: a document, an upload, or one that replaces
// the other.
type found struct {
	document store.Document
	upload   store.Upload
	shown    Document // what it is, when it was looked for by reference
}

func (f found) lives() bool { return f.document.Source != uuid.Nil }
func (f found) waits() bool { return f.upload.ID != uuid.Nil }

// find looks for the first that a reference means and the caller sees: what it may not
// see is not there, whatever its name is. Errors: store.ErrNotFound.
func (r Request) find(ctx context.Context, rows *store.Rows, ref reference) (found, error) {
	for _, mac := range ref.names {
		f, err := named(ctx, rows, mac)
		if f, err = r.seen(f, err); !errors.Is(err, store.ErrNotFound) {
			return f, err
		}
	}
	if ref.id == uuid.Nil {
		return found{}, store.ErrNotFound
	}
	f, err := lookUp(ctx, rows, nil, ref.id)
	return r.seen(f, err)
}

// seen opens what says whose it is. Errors: store.ErrNotFound when the caller may not
// know of it.
func (r Request) seen(f found, err error) (found, error) {
	if err != nil {
		return found{}, err
	}
	f.shown, err = r.present(f.document, f.upload)
	if err == nil && !r.Caller.Sees(f.shown.Access) {
		err = store.ErrNotFound
	}
	if err != nil {
		return found{}, err
	}
	return f, nil
}

// named looks for a document and an upload by the MAC of their external id. Errors:
// store.ErrNotFound when there is neither.
func named(ctx context.Context, rows *store.Rows, mac []byte) (found, error) {
	return lookUp(ctx, rows, mac, uuid.Nil)
}

func lookUp(ctx context.Context, rows *store.Rows, mac []byte, id uuid.UUID) (f found, err error) {
	if f.document, err = rows.Document(ctx, mac, id); err != nil && !errors.Is(err, store.ErrNotFound) {
		return f, err
	}
	if f.upload, err = rows.Upload(ctx, mac, id); err != nil && !errors.Is(err, store.ErrNotFound) {
		return f, err
	}
	if !f.lives() && !f.waits() {
		return f, store.ErrNotFound
	}
	return f, nil
}
