package fusion

import (
	"bytes"
	"cmp"

	"github.com/google/uuid"
)

// Chunk names a chunk: a document and which of its chunks it is.
type Chunk struct {
	Document uuid.UUID
	Number   uint32
}

// Compare orders chunks by document and place.
func (c Chunk) Compare(other Chunk) int {
	return cmp.Or(bytes.Compare(c.Document[:], other.Document[:]), cmp.Compare(c.Number, other.Number))
}

// Scored is a chunk and its score.
type Scored struct {
	Chunk
	Score float64
}

// compareScored orders from best to worst, chunks of equal score by name.
func compareScored(a, b Scored) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), a.Compare(b.Chunk))
}
