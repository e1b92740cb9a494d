package corpus

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// attributes are what the index keeps of a document, to show its passages with.
type attributes struct {
	Document          uuid.UUID
	ExternalID, Title string
}

// encode is the document's id, the length of the external id, that and the title.
func (a attributes) encode() []byte {
	out := append([]byte(nil), a.Document[:]...)
	out = binary.AppendUvarint(out, uint64(len(a.ExternalID)))
	out = append(out, a.ExternalID...)
	return append(out, a.Title...)
}

// decodeAttributes reads what encode wrote. Errors: seal.ErrCorrupt.
func decodeAttributes(in []byte) (attributes, error) {
	var a attributes
	if len(in) < len(a.Document) {
		return a, fmt.Errorf("%w: attributes of a document", seal.ErrCorrupt)
	}
	copy(a.Document[:], in)
	rest := in[len(a.Document):]
	length, n := binary.Uvarint(rest)
	if n <= 0 || length > uint64(len(rest)-n) {
		return a, fmt.Errorf("%w: attributes of a document", seal.ErrCorrupt)
	}
	a.ExternalID, a.Title = string(rest[n:n+int(length)]), string(rest[n+int(length):])
	return a, nil
}
