package corpus

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/bulkhead-dev/bulkhead/runtime/anchor"
	"github.com/bulkhead-dev/bulkhead/runtime/audit"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/filter"
	"github.com/bulkhead-dev/bulkhead/runtime/principal"
	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// Corpus holds all tenants' documents. It is safe for concurrent use.
type Corpus struct {
	cache   *cache
	anchors *anchor.Anchors
	upkeep  *upkeep
	writers *writers
	merges  *semaphore.Weighted // at a time: a merge holds its segments twice
	drafts  *semaphore.Weighted // at a time: a draft is an index in memory, twice
	room    *room

	embeddings embeddings
	log        *slog.Logger
	// purgeAfter is how long after a deletion the terms of what was deleted are
	// still in its segment, sealed, though they are never found.
	purgeAfter time.Duration
}

// New makes a Corpus, which has so many bytes of memory for making indexes of documents.
// What is deleted is purged after some time, out of the queue.
func New(indexes CacheConfig, indexing int64, purgeAfter time.Duration, anchors *anchor.Anchors, metrics prometheus.Registerer, log *slog.Logger) *Corpus {
	return &Corpus{
		cache: newCache(indexes, metrics), anchors: anchors, upkeep: newUpkeep(log), writers: newWriters(),
		merges: semaphore.NewWeighted(1), drafts: semaphore.NewWeighted(1), room: newRoom(indexing),
		embeddings: newEmbeddings(metrics), log: log, purgeAfter: purgeAfter,
	}
}

// Evict drops the index that a Keyring opened. Its plaintext is zeroed, at once or when
// the requests end that use it.
func (c *Corpus) Evict(keys *seal.Keyring) {
	c.cache.drop(keys)
}

// Close ends what goes on in the background. It is asked for when no request is
// served any more, before the stores are closed.
func (c *Corpus) Close() {
	c.writers.committing.Wait()
	c.upkeep.close()
}

// Request is who asks: a tenant, in an audited access, and who of it.
type Request struct {
	Caller principal.Caller
	Owner  string // whose external ids are meant, before the tenant's
	Tenant *tenants.Tenant
	Access *audit.Access
}

func (r Request) keys() *seal.Keyring        { return r.Tenant.Keys }
func (r Request) admission() store.Admission { return r.Access.Admission }

// Document describes a document without its content.
type Document struct {
	ID         uuid.UUID
	ExternalID string // the name the tenant gave it
	Title      string
	Media      engine.Media
	Type       string            // media type of the file that its text was read from
	Bytes      int64             // of its text
	Attributes filter.Attributes // that the tenant gave it
	Purpose    string            // that the tenant gave it for
	Stores     []uuid.UUID       // vector stores that it is in
	Access     principal.Access
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Status     Status // of its newest upload; until that is completed the rest is as before
	Code       string // why that has failed
}

// meta is what the database may not read of a document.
type meta struct {
	ExternalID string       `json:"external_id"`
	Title      string       `json:"title"`
	Media      engine.Media `json:"media"`
	Type       string       `json:"type"`
	Attributes []byte       `json:"attributes,omitempty"` // as package filter encodes them
	Purpose    string       `json:"purpose,omitempty"`
	Stores     []uuid.UUID  `json:"stores,omitempty"`
	// Access is nil in a document of a version that had no users: it is everyone's.
	Access *principal.Access `json:"access,omitempty"`
}

func metaOf(id uuid.UUID) seal.Place {
	return seal.Place{Table: "document", Column: "meta_ct", Row: id[:]}
}

// describe opens what a row says of its document.
func describe(keys *seal.Keyring, row store.Document) (Document, error) {
	plain, err := keys.OpenCell(metaOf(row.ID), row.DEK, row.Meta)
	if err != nil {
		return Document{}, fmt.Errorf("document %s: %w", row.ID, err)
	}
	var m meta
	if err := json.Unmarshal(plain, &m); err != nil {
		return Document{}, fmt.Errorf("document %s: %w: metadata", row.ID, seal.ErrCorrupt)
	}
	given, err := filter.Decode(m.Attributes)
	if err != nil {
		return Document{}, fmt.Errorf("document %s: %w: %w", row.ID, seal.ErrCorrupt, err)
	}
	access := principal.Usual("")
	if m.Access != nil {
		access = *m.Access
	}
	return Document{
		ID: row.ID, ExternalID: m.ExternalID, Title: m.Title, Media: m.Media, Type: m.Type, Attributes: given, Purpose: m.Purpose, Stores: m.Stores, Access: access,
		Bytes: row.Bytes, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt, Status: Completed,
	}, nil
}

// name is the MAC under which a document's external id is found. Every user has names of
// their own beside the tenant's, so that none tells of a document of somebody else.
func name(keys *seal.Keyring, owner, externalID string) ([]byte, error) {
	if owner != "" {
		return keys.MAC("document/owned_mac", []byte(owner), []byte(externalID))
	}
	return keys.MAC("document/ext_mac", []byte(externalID))
}
