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
	scales     []byte // a float32 for each row: what 127 stands for
	values     []byte // int8
}

// The encoding, little-endian: the magic, the dimensions and the rows as 32-bit
// numbers, a 32-bit float for each row, the rows.
const (
	magic     = "BVX1"
	headBytes = len(magic) + 4 + 4
)

// Len is how many vectors there are.
func (r *Rows) Len() int { return len(r.scales) / 4 }

// Dimensions is the length of a vector.
func (r *Rows) Dimensions() int { return r.dimensions }

// Encode writes vectors of one length. Errors: a vector of another length, or that
// is not finite.
func Encode(dimensions int, vectors [][]float32) ([]byte, error) {
	if dimensions < 1 || dimensions > MaxDimensions || len(vectors) > math.MaxInt32/dimensions {
		return nil, fmt.Errorf("%d vectors of %d dimensions", len(vectors), dimensions)
	}
	out := make([]byte, 0, headBytes+len(vectors)*(4+dimensions))
	out = append(out, magic...)
	out = binary.LittleEndian.AppendUint32(out, uint32(dimensions))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(vectors)))
	for i, v := range vectors {
		largest := float32(0)
		for _, value := range v {
			largest = max(largest, value, -value)
		}
		if len(v) != dimensions || math.IsNaN(float64(largest)) || math.IsInf(float64(largest), 0) {
			return nil, fmt.Errorf("vector %d has %d dimensions, of %d, or is not finite", i, len(v), dimensions)
		}
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(largest/math.MaxInt8))
	}
	for i, v := range vectors {
		scale := math.Float32frombits(binary.LittleEndian.Uint32(out[headBytes+4*i:]))
		for _, value := range v {
			out = append(out, quantised(value, scale))
		}
	}
	return out, nil
}

func quantised(value, scale float32) byte {
	if scale == 0 {
		return 0
	}
	return byte(int8(math.Round(float64(value / scale))))
}

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
