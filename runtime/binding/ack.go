package binding

import (
	"encoding/json"
	"fmt"
)

// AckNamePrefix begins the name of the ConfigMap that a runtime pod owns; the
// pod's name follows.
const AckNamePrefix = "ack-"

// KeyState is what a replica last learnt about a tenant's key.
type KeyState string

// The key states. Denied and unreachable differ: a denied key ends access at
// once, an unreachable one when the lease of the data keys ends.
const (
	KeyOK          KeyState = "ok"
	KeyDenied      KeyState = "denied"
	KeyUnreachable KeyState = "unreachable"
)

// DatabaseState is what a replica last learnt about a tenant's own database.
type DatabaseState string

// The database states. In all but the first the tenant's requests are answered
// with 503, and the replica tries again by itself. After a change of password or
// CA the former login goes on for a short time while the new one does not work.
const (
	DatabaseOK DatabaseState = "ok"
	// DatabaseUnreachable: no connection, a certificate that the Binding's CA
	// does not verify, or a login that is refused.
	DatabaseUnreachable DatabaseState = "unreachable"
	// DatabaseUnproven: reached, but it does not separate tenants as this
	// runtime requires; above all because its migration has not run.
	DatabaseUnproven DatabaseState = "unproven"
)

// Acknowledgement is what one replica says of one tenant.
type Acknowledgement struct {
	Revision string `json:"revision"` // of the Binding that is in effect
	// Key is unreachable, too, as long as the replica has not read the data
	// keys from the database: look at Database first.
	Key KeyState `json:"key"`
	// Database is said of an Active tenant with a database of its own. It is
	// absent for all others: a replica that can not use its cell's database
	// does not become ready.
	Database DatabaseState `json:"database,omitempty"`
}

// EncodeAck renders one entry of an acknowledgement ConfigMap, whose key is the
// tenant's id. Equal acknowledgements are equal as text.
func EncodeAck(ack Acknowledgement) string {
	text, _ := json.Marshal(ack) // strings always marshal
	return string(text)
}

// DecodeAck reads one entry of an acknowledgement ConfigMap.
func DecodeAck(text string) (Acknowledgement, error) {
	var ack Acknowledgement
	if err := json.Unmarshal([]byte(text), &ack); err != nil {
		return Acknowledgement{}, fmt.Errorf("acknowledgement: %w", err)
	}
	return ack, nil
}
