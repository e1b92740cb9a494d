package corpus

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/lsa"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/vector"
	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

// modelWeight is the share of a model's scores beside those of BM25. How good a model is
// at a tenant's documents is not known here, so neither leg may outvote the other.
const modelWeight = 0.5

// modelSpace is the space of a tenant's embedding model. Where the model is served does
// not matter: the same model elsewhere makes the same vectors.
type modelSpace struct {
	name       string
	dimensions int
	shortened  bool // by the model, which has more
}

func spaceOf(e *model.Embedder) modelSpace {
	return modelSpace{e.Model(), e.Dimensions(), e.Shortens()}
}

// Dimensions is the length of a vector.
func (m modelSpace) Dimensions() int { return m.dimensions }

// Bytes is the memory that it takes.
func (m modelSpace) Bytes() int64 { return int64(len(m.name)) }

// Revision is a hash of what tells spaces of models apart.
func (m modelSpace) Revision() (r lsa.Revision) {
	sum := sha256.Sum256(m.Encode())
	copy(r[:], sum[:])
	return r
}

const (
	modelMagic     = "BHR\x01"
	modelHeadBytes = len(modelMagic) + 4 + 1
)

// Encode writes the magic, the dimensions as a big-endian number of 32 bits, whether
// they are shortened as a byte, and the name.
func (m modelSpace) Encode() []byte {
	out := binary.BigEndian.AppendUint32([]byte(modelMagic), uint32(m.dimensions))
	shortened := byte(0)
	if m.shortened {
		shortened = 1
	}
	return append(append(out, shortened), m.name...)
}

var errSpace = errors.New("no space of a model, or a damaged one")

// decodeSpace reads what either kind of space wrote.
func decodeSpace(in []byte) (space, error) {
	if !bytes.HasPrefix(in, []byte(modelMagic)) {
		return lsa.Decode(in)
	}
	if len(in) <= modelHeadBytes {
		return nil, errSpace
	}
	fields, name := in[len(modelMagic):modelHeadBytes], in[modelHeadBytes:]
	dimensions := binary.BigEndian.Uint32(fields)
	if dimensions < 1 || dimensions > vector.MaxDimensions || fields[4] > 1 {
		return nil, errSpace
	}
	return modelSpace{string(name), int(dimensions), fields[4] == 1}, nil
}
