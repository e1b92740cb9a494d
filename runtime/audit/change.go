package audit

import (
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// appendChange adds an event to lane 0 under the head's lock. The caller saves
// the head, whose end of the chain moves.
func appendChange(tx *store.Tx, head *store.Head, keys *seal.Keyring, kind string, r Record) error {
	event, err := link{seq: head.Lane0Seq, hash: head.Lane0Hash}.next(keys, kind, r, time.Now())
	if err != nil {
		return err
	}
	head.Lane0Seq, head.Lane0Hash = event.Seq, event.Hash
	tx.AddEvents([]store.Event{event})
	return nil
}
