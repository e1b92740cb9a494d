package vector

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrCorrupt: the bytes are no vectors that this version can read.
var ErrCorrupt = errors.New("vectors can not be read")

// MaxDimensions bounds a vector.
const MaxDimensions = 4096

// Rows are the vectors of a segment's chunks, in their order. They are safe for
// concurrent use until their bytes are zeroed.
type Rows struct {
	dimensions int
	scales     []byte // a float32 for each row: the unit of its values
	values     []byte // int8
}

// The encoding, little-endian: the magic, the dimensions and the rows as 32-bit
// numbers, a 32-bit float for each row, the rows.
const (
	magic     = "BVX1"
	headBytes = len(magic) + 4 + 4
)

// Open reads vectors, which keep in. It allocates nothing that depends on the
// input. Errors: ErrCorrupt.
func Open(in []byte) (*Rows, error) {
	if len(in) < headBytes || string(in[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: they do not begin as such", ErrCorrupt)
	}
	dimensions, n := binary.LittleEndian.Uint32(in[len(magic):]), binary.LittleEndian.Uint32(in[len(magic)+4:])
	if dimensions < 1 || dimensions > MaxDimensions || uint64(n)*(4+uint64(dimensions)) != uint64(len(in)-headBytes) {
		return nil, fmt.Errorf("%w: %d of %d dimensions in %d bytes", ErrCorrupt, n, dimensions, len(in))
	}
	scales := in[headBytes:][:4*n]
	return &Rows{dimensions: int(dimensions), scales: scales, values: in[headBytes+len(scales):]}, nil
}

// Len is how many vectors there are.
func (r *Rows) Len() int { return len(r.scales) / 4 }

// Dimensions is the length of a vector.
func (r *Rows) Dimensions() int { return r.dimensions }

// Bytes is the length of the encoding.
func (r *Rows) Bytes() int { return headBytes + len(r.scales) + len(r.values) }

// scale is the unit of a row's values.
func (r *Rows) scale(row uint32) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(r.scales[4*row:]))
}

// row is the values of a row.
func (r *Rows) row(row uint32) []byte {
	return r.values[int(row)*r.dimensions:][:r.dimensions]
}
