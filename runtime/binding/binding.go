package binding

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// How a Binding is stored in Kubernetes.
const (
	Version    = 1
	SecretType = "bulkhead.dev/binding"
	// SecretKey is the one key of the Secret's data.
	SecretKey = "binding.json"

	LabelKind     = "bulkhead.dev/kind"
	LabelTenantID = "bulkhead.dev/tenant-id"
	KindBinding   = "binding"
	KindAck       = "ack"
)

// State says whether a tenant's data is in use.
type State string

// The states of a Binding.
const (
	Active   State = "Active"
	Retained State = "Retained" // the Tenant is gone, its data is kept, nothing is served
)

// Containment says how far a tenant's access is restricted, weakest first.
type Containment string

// The containment levels.
const (
	ContainmentNone Containment = "None"
	ReadOnly        Containment = "ReadOnly"
	Suspended       Containment = "Suspended"
	Quarantined     Containment = "Quarantined"
)

// Binding is what a runtime must know to serve one tenant.
type Binding struct {
	Version int `json:"version"`
	// Epoch rises with every move and Incarnation with every restore; a
	// runtime refuses a Binding that lowers either.
	Epoch       int64        `json:"epoch"`
	Incarnation int64        `json:"incarnation"`
	Tenant      Tenant       `json:"tenant"`
	State       State        `json:"state"`
	Containment Containment  `json:"containment"`
	Key         Key          `json:"key"`
	Database    Database     `json:"database"`
	Limits      Limits       `json:"limits"`
	Credentials []Credential `json:"credentials"`
	// Language is an ISO 639-1 code; empty is English.
	Language string `json:"language,omitempty"`
	// Models is nil in a Binding of a tenant, or by an operator, without any.
	Models *Models `json:"models,omitempty"`
	// IdentityProvider is nil in a Binding of a tenant, or by an operator, without one.
	IdentityProvider *IdentityProvider `json:"identityProvider,omitempty"`
}

// Tenant is the identity: the id never changes, the name is for people.
type Tenant struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// Key says which key wraps the tenant's data keys, and how to log in to use it.
type Key struct {
	Provider string `json:"provider"` // "transit"
	Mount    string `json:"mount"`
	Name     string `json:"name"`
	Role     string `json:"role"`
}

// ProviderTransit is the Vault transit secrets engine.
const ProviderTransit = "transit"

// Limits are the tenant's plan, as the runtime enforces it. Zero means the
// runtime's own default.
type Limits struct {
	Documents         int64 `json:"documents,omitempty"`         // number of live documents
	StorageBytes      int64 `json:"storageBytes,omitempty"`      // plain bytes of all live documents
	DocumentBytes     int64 `json:"documentBytes,omitempty"`     // plain bytes of one document
	RequestsPerMinute int32 `json:"requestsPerMinute,omitempty"` // all routes together, per replica
	ConcurrentIngests int32 `json:"concurrentIngests,omitempty"` // uploads at a time, per replica
}

// Encode returns the canonical JSON of a Binding: equal Bindings have equal
// bytes, so the bytes can be compared and hashed.
func Encode(b Binding) ([]byte, error) {
	if err := b.Validate(); err != nil {
		return nil, err
	}
	return json.Marshal(b)
}

// Decode reads a Binding strictly: an unknown field, an unknown version, bytes
// after the object or a missing value is an error that names the field.
func Decode(data []byte) (Binding, error) {
	var probe struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &probe); err != nil {
		return Binding{}, explain(err)
	}
	if probe.Version != Version {
		return Binding{}, fmt.Errorf("binding: version: got %d, this runtime reads %d", probe.Version, Version)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var b Binding
	if err := dec.Decode(&b); err != nil {
		return Binding{}, explain(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Binding{}, errors.New("binding: data after the object")
	}
	return b, b.Validate()
}

// explain keeps a value of the wrong type, which may be a password, out of the error.
func explain(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("binding: %s: must be of type %s", wrong.Field, wrong.Type)
	}
	return fmt.Errorf("binding: %w", err)
}

// Validate reports the first field whose value no runtime could use.
func (b Binding) Validate() error {
	switch {
	case b.Version != Version:
		return fmt.Errorf("binding: version: must be %d", Version)
	case b.Epoch < 1:
		return errors.New("binding: epoch: must be at least 1")
	case b.Incarnation < 1:
		return errors.New("binding: incarnation: must be at least 1")
	case b.Tenant.ID == uuid.Nil:
		return errors.New("binding: tenant.id: is required")
	case b.Tenant.Name == "":
		return errors.New("binding: tenant.name: is required")
	case b.State != Active && b.State != Retained:
		return fmt.Errorf("binding: state: %q is unknown", b.State)
	case !b.Containment.known():
		return fmt.Errorf("binding: containment: %q is unknown", b.Containment)
	case b.Key.Provider != ProviderTransit:
		return fmt.Errorf("binding: key.provider: %q is unknown", b.Key.Provider)
	case b.Key.Mount == "" || b.Key.Name == "" || b.Key.Role == "":
		return errors.New("binding: key: mount, name and role are required")
	}
	return cmp.Or(b.Database.validate(), b.Models.validate(), b.IdentityProvider.validate(), validateCredentials(b.Credentials))
}

func (c Containment) known() bool {
	switch c {
	case ContainmentNone, ReadOnly, Suspended, Quarantined:
		return true
	}
	return false
}

// Revision is what a replica acknowledges: the SHA-256 of the Binding's bytes,
// in hexadecimal.
func Revision(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
