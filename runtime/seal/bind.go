package seal

import (
	"encoding/binary"

	"github.com/google/uuid"
)

// Bind joins byte strings, each after its length, so that no two lists of
// parts give the same bytes.
func Bind(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}

// Place is where a sealed cell belongs.
type Place struct {
	Table, Column string
	Row           []byte // the row's key within its tenant
}

func (p Place) associated(tenant, key uuid.UUID) []byte {
	return Bind(tenant[:], []byte(p.Table), []byte(p.Column), p.Row, key[:])
}
