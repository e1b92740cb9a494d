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
	dimensions, n int

	// A row's share, as a 32-bit float, and a bit for each value, set if it is below
	// zero, in 16s of bytes.
	signs column
	// A row's scale, as a 32-bit float, and an int8 for each value.
	values column
	// Half a byte for each value, signed: what a sixteenth of it left over.
	fines column
}

// column has so many bytes for each row.
type column struct {
	bytes []byte
	width int
}

func (c column) at(row uint32) []byte { return c.bytes[int(row)*c.width:][:c.width] }

const floatBytes = 4

// number is what a row of a column begins with.
func (c column) number(row uint32) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(c.bytes[int(row)*c.width:]))
}

// cut divides what a column has of a row into that number and the rest.
func (c column) cut(row uint32) (float32, []byte) { return c.number(row), c.at(row)[floatBytes:] }

// The encoding, little-endian: the magic, the dimensions and the number of rows as
// 32-bit numbers, the columns.
const (
	magic     = "BVX1"
	headBytes = len(magic) + 4 + 4
)

// columns are the columns in the order in which they are written.
func (r *Rows) columns() [3]*column {
	return [...]*column{&r.signs, &r.values, &r.fines}
}

// newRows returns n rows without their bytes, and how many those are.
func newRows(dimensions, n int) (r *Rows, size uint64) {
	r = &Rows{dimensions: dimensions, n: n}
	r.signs.width = floatBytes + signWidth(dimensions)
	r.values.width = floatBytes + dimensions
	r.fines.width = (dimensions + 1) / 2
	size = uint64(headBytes)
	for _, c := range r.columns() {
		size += uint64(c.width) * uint64(n)
	}
	return r, size
}

// signWidth is how many bytes the signs of a row take.
func signWidth(dimensions int) int { return (dimensions + 127) / 128 * signBytes }

// divide gives the columns their parts of in, which is as long as they are.
func (r *Rows) divide(in []byte) {
	in = in[headBytes:]
	for _, c := range r.columns() {
		length := c.width * r.n
		c.bytes, in = in[:length:length], in[length:]
	}
}

// Open reads vectors, which keep in. It allocates nothing that depends on the
// input. Errors: ErrCorrupt.
func Open(in []byte) (*Rows, error) {
	if len(in) < headBytes || string(in[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: they do not begin as such", ErrCorrupt)
	}
	dimensions, n := binary.LittleEndian.Uint32(in[len(magic):]), binary.LittleEndian.Uint32(in[len(magic)+4:])
	if dimensions < 1 || dimensions > MaxDimensions {
		return nil, fmt.Errorf("%w: %d dimensions", ErrCorrupt, dimensions)
	}
	r, size := newRows(int(dimensions), int(n))
	if size != uint64(len(in)) {
		return nil, fmt.Errorf("%w: %d of %d dimensions in %d bytes", ErrCorrupt, n, dimensions, len(in))
	}
	r.divide(in)
	for row := range n {
		if !length(r.signs.number(row)) || !length(r.values.number(row)) {
			return nil, fmt.Errorf("%w: row %d", ErrCorrupt, row)
		}
	}
	return r, nil
}

// length tells whether value can be one.
func length(value float32) bool { return value >= 0 && finite(value) }

// Len is how many vectors there are.
func (r *Rows) Len() int { return r.n }

// Dimensions is the length of a vector.
func (r *Rows) Dimensions() int { return r.dimensions }

// Bytes is the length of the encoding.
func (r *Rows) Bytes() int {
	size := headBytes
	for _, c := range r.columns() {
		size += len(c.bytes)
	}
	return size
}
