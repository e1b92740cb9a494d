package corpus

import (
	"context"

	"github.com/bulkhead-dev/bulkhead/runtime/store"
	"github.com/bulkhead-dev/bulkhead/runtime/tenants"
)

// EnsureEmbedding queues the embedding anew of a tenant's documents when not all have
// vectors of its model, unless that is queued already or the model can not be asked.
// Errors: those of the write door and of the keys.
func (c *Corpus) EnsureEmbedding(ctx context.Context, t *tenants.Tenant) error {
	if !t.Models.Embedder.Usable() {
		return nil
	}
	return t.Store.WithTenant(ctx, t.Tenant.ID, func(tx *store.Tx) error {
		head, err := tx.Head(ctx)
		if err != nil || head.Docs == 0 {
			return err
		}
		listed, err := openManifest(t.Keys, head)
		if err != nil {
			return err
		}
		basis, err := fetchBasis(ctx, &tx.Rows, t.Keys, listed.basis, bases{})
		if err != nil || basis.is(spaceOf(t.Models.Embedder)) {
			return err
		}
		tx.AddEmbed()
		return nil
	})
}

// Embed gives all documents vectors of the tenant's model, and ends the job, unless there
// is more to do by then or the request no longer holds, as the tenant has another model.
// What an attempt has done stays done. Errors: *EmbedderError, store.ErrLost, those of the
// write door and of the keys.
func (c *Corpus) Embed(ctx context.Context, r Request, job store.Job, holds func() bool) error {
	c.embeddings.changing.Inc()
	defer c.embeddings.changing.Dec()
	embeds := r.Tenant.Models.Embedder.Usable()
	var as pins
	got := complete
	if embeds {
		var err error
		if as, got, err = c.reembed(ctx, &embedding{Request: r, job: job, holds: holds, made: remade{}}); err != nil {
			return err
		}
	}
	return r.conclude(ctx, func(tx *store.Tx, left manifest) error {
		// Who has found more to do meanwhile left it to this job; who does so now waits.
		if err := tx.Hold(ctx, job); err != nil {
			return err
		}
		if !holds() || embeds && (got == overtaken || left.pins() != as) {
			return tx.Defer(ctx, job, 0, false)
		}
		return tx.Finish(ctx, job)
	})
}
