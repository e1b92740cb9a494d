package binding

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
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

// Acknowledgement is what one replica says of one tenant.
type Acknowledgement struct {
	Revision string   `json:"revision"` // of the Binding that is in effect
	Key      KeyState `json:"key"`
}

// EncodeAcks renders the data of an acknowledgement ConfigMap: one entry a
// tenant, so that a reader can compare entries as text.
func EncodeAcks(acks map[uuid.UUID]Acknowledgement) (map[string]string, error) {
	data := make(map[string]string, len(acks))
	for id, ack := range acks {
		text, err := json.Marshal(ack)
		if err != nil {
			return nil, fmt.Errorf("acknowledgement of %s: %w", id, err)
		}
		data[id.String()] = string(text)
	}
	return data, nil
}

// DecodeAck reads one entry of an acknowledgement ConfigMap.
func DecodeAck(text string) (Acknowledgement, error) {
	var ack Acknowledgement
	if err := json.Unmarshal([]byte(text), &ack); err != nil {
		return Acknowledgement{}, fmt.Errorf("acknowledgement: %w", err)
	}
	return ack, nil
}
