package corpus

import (
	"context"
	"crypto/hmac"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// sourceBlock is the plain size of the blocks of a text of so many bytes. A passage needs
// one or two of them, and the header, which has them all.
func sourceBlock(bytes int64) int {
	const small, few = 4 << 10, 256
	if bytes <= small*few {
		return small
	}
	return 4 * small // of which MaxDocument has as many as a header holds
}

// prepared is an upload with all that can be done before the head is locked.
type prepared struct {
	old      store.Document // that it replaces; zero for none
	stores   []uuid.UUID    // that the document is in
	access   principal.Access
	row      store.Document
	language language.Language
	spaces   spaces
	made     vectors // of the upload's chunks
	source   seal.Object
	addition addition
	job      *store.Job
	waits    bool // an upload of that name is in the queue
	reshared bool // it is for others than before
}

// prepare finds out what an upload replaces, the language of its index, and the spaces
// of its vectors, which are those that are there if they are still in use.
func (r Request) prepare(ctx context.Context, up Upload, there bases) (*prepared, error) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	id, err := uuid.NewV7() // listings are in order of creation
	if err != nil {
		return nil, fmt.Errorf("document id: %w", err)
	}
	if up.Job != nil {
		id = up.Job.Ref // which was told when it was accepted
	}
	p := &prepared{job: up.Job, row: store.Document{ID: id, Bytes: int64(len(up.Text)), CreatedAt: now, UpdatedAt: now}}
	if p.row.ExtMAC, err = name(r.keys(), up.Owner, up.ExternalID); err != nil {
		return nil, err
	}
	if p.row.ContentMAC, err = up.mac(r.keys()); err != nil {
		return nil, err
	}
	err = r.admission().Read(ctx, func(rows *store.Rows) (err error) {
		if p.language, p.spaces, err = r.analysis(ctx, rows, there); err != nil {
			return err
		}
		found, err := named(ctx, rows, p.row.ExtMAC)
		p.old, p.waits = found.document, found.waits()
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if p.replaces() {
		p.row.ID, p.row.CreatedAt = p.old.ID, p.old.CreatedAt
		old, err := describe(r.keys(), p.old)
		if err != nil {
			return nil, err
		}
		p.access = up.access(old.Access)
		p.reshared = !slices.Equal(p.access.Readers(), old.Access.Readers())
		p.stores, err = r.living(ctx, old.Stores)
		return p, err
	}
	p.access = up.access(principal.Usual(up.Owner))
	return p, nil
}

// access is whose the document of an upload is and for whom, if it is not said as before.
func (up Upload) access(before principal.Access) principal.Access {
	if up.Principals == nil {
		return before
	}
	return principal.Access{Owner: up.Owner, Principals: up.Principals}
}

// mac is the same for the same upload.
func (up Upload) mac(keys *seal.Keyring) ([]byte, error) {
	if len(up.Sent) > 0 {
		return sentMAC(keys, up.Sent)
	}
	return keys.MAC("document/content_mac", []byte(up.Title), []byte(up.Type), up.Text, up.Attributes.Encode(), []byte(up.Purpose))
}

func sentMAC(keys *seal.Keyring, sent []byte) ([]byte, error) {
	return keys.MAC("document/sent_mac", sent)
}

func (p *prepared) replaces() bool { return p.old.Source != uuid.Nil }

func (p *prepared) unchanged() bool {
	return !p.waits && !p.reshared && hmac.Equal(p.old.ContentMAC, p.row.ContentMAC)
}

// seal seals the text and what describes it.
func (p *prepared) seal(keys *seal.Keyring, up Upload) (err error) {
	plain, err := json.Marshal(meta{
		ExternalID: up.ExternalID, Title: up.Title, Media: up.Media, Type: up.Type,
		Attributes: up.Attributes.Encode(), Purpose: up.Purpose, Stores: p.stores, Access: &p.access,
	})
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if p.row.DEK, p.row.Meta, err = keys.SealCell(metaOf(p.row.ID), plain); err != nil {
		return err
	}
	if p.source, err = keys.SealObject(seal.Source, up.Text, sourceBlock(int64(len(up.Text)))); err != nil {
		return err
	}
	p.row.Source = p.source.ID
	return nil
}

// index makes the segment of the text, once that is sealed. Errors: *EmbedderError,
// engine.ErrDense.
func (c *Corpus) index(ctx context.Context, r Request, p *prepared, up Upload) error {
	encoded, err := engine.Build(ctx, p.language, []engine.Document{p.document(up)})
	if err != nil {
		return err
	}
	purpose := forUpload
	if p.job != nil {
		purpose = forQueue
	}
	p.addition, err = c.addition(ctx, r, encoded, p.spaces, p.made, purpose, func(uuid.UUID) string { return string(up.Text) })
	return err
}

// document is what is indexed of an upload.
func (p *prepared) document(up Upload) engine.Document {
	text := string(up.Text)
	return engine.Document{
		ID: p.row.Source, Title: up.Title, Text: text, Chunks: engine.Split(text, up.Media),
		Attributes: attributes{
			document: p.row.ID, externalID: []byte(up.ExternalID), title: []byte(up.Title), given: up.Attributes.Encode(),
			stores: joinIDs(p.stores), size: binary.AppendUvarint(nil, uint64(len(up.Text))),
			readers: joinReaders(p.access),
		}.encode(),
	}
}
