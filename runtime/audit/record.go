package audit

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
	"github.com/bulkhead-dev/bulkhead/runtime/store"
)

// Phase is which part of an action an event tells of.
type Phase string

// The phases. The kind of an event is its action, a dot and its phase.
const (
	Intent Phase = "intent"
	Result Phase = "result"
	Change Phase = "change"
)

// Record is the detail of an event. It is sealed.
type Record struct {
	Request   string `json:"request,omitempty"`   // id of the HTTP request
	Principal string `json:"principal,omitempty"` // id of the API key
	User      string `json:"user,omitempty"`      // whose key it is
	Object    string `json:"object,omitempty"`    // document that is named
	Query     string `json:"query,omitempty"`
	Status    int    `json:"status,omitempty"` // HTTP status, in a result
	Code      string `json:"code,omitempty"`   // of an error, in a result
	Lane      int64  `json:"lane,omitempty"`   // in the announcement of a lane
}

// laneOpened is the kind of the event in lane 0 that announces another lane.
const laneOpened = "lane.open"

func kind(action string, p Phase) string { return action + "." + string(p) }

// Genesis is what a tenant's chain in lane 0 starts from.
func Genesis(tenant uuid.UUID) []byte {
	sum := sha256.Sum256(seal.Bind([]byte("bulkhead/audit/v1"), tenant[:]))
	return sum[:]
}

// link is the end of a chain.
type link struct {
	lane, seq int64
	hash      []byte
}

// next seals a record and makes the event that follows the link.
func (l link) next(keys *seal.Keyring, kind string, r Record, at time.Time) (store.Event, error) {
	e := store.Event{Lane: l.lane, Seq: l.seq + 1, Kind: kind, At: at.UTC().Truncate(time.Microsecond), Prev: l.hash}
	detail, err := salted(r)
	if err != nil {
		return store.Event{}, err
	}
	commitment := sha256.Sum256(detail)
	e.Commitment = commitment[:]
	e.DEK, e.Envelope, err = keys.SealCell(envelopeOf(e), detail)
	if err != nil {
		return store.Event{}, err
	}
	e.Hash = digest(keys.Tenant(), e)
	return e, nil
}

// salted is the record after random bytes, so that its hash gives nothing away.
func salted(r Record) ([]byte, error) {
	const saltBytes = 16
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("audit record: %w", err)
	}
	salt := make([]byte, saltBytes, saltBytes+len(text))
	_, _ = rand.Read(salt) // never fails
	return append(salt, text...), nil
}

func envelopeOf(e store.Event) seal.Place {
	return seal.Place{Table: "audit_event", Column: "envelope_ct", Row: seal.Bind(number(e.Lane), number(e.Seq))}
}

// digest covers all of an event but its ciphertext, which the commitment
// stands for.
func digest(tenant uuid.UUID, e store.Event) []byte {
	sum := sha256.Sum256(seal.Bind(tenant[:], number(e.Lane), number(e.Seq), number(e.At.UnixMicro()),
		[]byte(e.Kind), e.DEK[:], e.Commitment, e.Prev))
	return sum[:]
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
