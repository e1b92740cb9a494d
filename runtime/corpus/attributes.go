package corpus

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/seal"
)

// attributes are what the index keeps of a document, to choose it by and to show its
// passages with. They share the memory of what they were opened from.
type attributes struct {
	document   uuid.UUID
	externalID []byte
	title      []byte
	given      []byte // by the tenant, as package filter encodes them
	stores     []byte // ids of the vector stores that it is in, one after another
	size       []byte // of its text, a uvarint
	readers    []byte // principals, each before a line feed; empty: everyone
}

// fields are attributes in the order of their encoding. A field that a version
// before did not write is empty.
func (a *attributes) fields() [6]*[]byte {
	return [...]*[]byte{&a.externalID, &a.title, &a.given, &a.stores, &a.size, &a.readers}
}

// fieldsMark begins attributes that have fields. Before there were any they began
// with the document's id, whose first byte is the highest of its time.
const fieldsMark = 0xff

// encode is the mark, the document's id and the fields, each behind its length.
func (a attributes) encode() []byte {
	out := append([]byte{fieldsMark}, a.document[:]...)
	for _, field := range a.fields() {
		out = binary.AppendUvarint(out, uint64(len(*field)))
		out = append(out, *field...)
	}
	return out
}

// openAttributes reads what encode wrote. Errors: seal.ErrCorrupt.
func openAttributes(in []byte) (a attributes, err error) {
	marked := len(in) > 0 && in[0] == fieldsMark
	if marked {
		in = in[1:]
	}
	if len(in) < len(a.document) {
		return a, errAttributes
	}
	copy(a.document[:], in)
	rest := in[len(a.document):]
	if !marked {
		a.externalID, a.title, err = cutField(rest)
		return a, err
	}
	for _, field := range a.fields() {
		if len(rest) == 0 {
			break
		}
		if *field, rest, err = cutField(rest); err != nil {
			return a, err
		}
	}
	if len(rest) > 0 || len(a.stores)%idBytes != 0 {
		return a, errAttributes
	}
	return a, nil
}

var errAttributes = fmt.Errorf("%w: attributes of a document", seal.ErrCorrupt)

// cutField reads a length and what is that long. Errors: seal.ErrCorrupt.
func cutField(in []byte) (field, rest []byte, err error) {
	length, n := binary.Uvarint(in)
	if n <= 0 || length > uint64(len(in)-n) {
		return nil, nil, errAttributes
	}
	return in[n : n+int(length)], in[n+int(length):], nil
}
