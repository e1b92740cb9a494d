package vector

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Encode writes vectors of one length. Errors: a vector of another length, or that
// is not finite.
func Encode(dimensions int, vectors [][]float32) ([]byte, error) {
	out, rows, err := allocate(dimensions, len(vectors))
	if err != nil {
		return nil, err
	}
	rotation := newRotation(dimensions)
	for i, v := range vectors {
		if len(v) != dimensions {
			return nil, fmt.Errorf("vector %d has %d dimensions, not %d", i, len(v), dimensions)
		}
		rotated := rotation.turn(v)
		if !finite(largest(rotated)) {
			return nil, fmt.Errorf("vector %d is not finite", i)
		}
		rows.set(uint32(i), rotated)
	}
	return out, nil
}

// allocate returns the encoding of n rows of zeros, and the rows in it.
func allocate(dimensions, n int) ([]byte, *Rows, error) {
	if dimensions < 1 || dimensions > MaxDimensions || n > math.MaxInt32 {
		return nil, nil, fmt.Errorf("%d vectors of %d dimensions are beyond the limits", n, dimensions)
	}
	rows, size := newRows(dimensions, n)
	if size > math.MaxInt32 {
		return nil, nil, fmt.Errorf("%d vectors of %d dimensions are %d bytes, beyond the limit", n, dimensions, size)
	}
	out := make([]byte, size)
	copy(out, magic)
	binary.LittleEndian.PutUint32(out[len(magic):], uint32(dimensions))
	binary.LittleEndian.PutUint32(out[len(magic)+4:], uint32(n))
	rows.divide(out)
	return out, rows, nil
}

const (
	// fineBits is how many bits of a value the 8 first leave.
	fineBits = 4
	// half is half a unit of the 8 first.
	half = 1 << (fineBits - 1)
	// maxValue is the greatest magnitude of a value that 8 bits hold when it is rounded.
	maxValue = math.MaxInt8<<fineBits + half - 1
)

// set encodes v, which was rotated, as a row, of zeros until now.
func (r *Rows) set(row uint32, v []float32) {
	scale := largest(v) / maxValue
	signs, values, fines := r.signs.at(row), r.values.at(row), r.fines.at(row)
	binary.LittleEndian.PutUint32(signs, math.Float32bits(share(v)))
	binary.LittleEndian.PutUint32(values, math.Float32bits(scale))
	signs, values = signs[floatBytes:], values[floatBytes:]
	for i, value := range v {
		if value < 0 {
			signs[i/8] |= 1 << (i % 8)
		}
		whole := quantised(value, scale, maxValue)
		coarse := (whole + half) >> fineBits
		values[i] = byte(coarse)
		fines[i/2] |= byte(whole-coarse<<fineBits) & (1<<fineBits - 1) << (fineBits * (i % 2))
	}
}

// share is what the signs of v are to be multiplied with so that what v has besides
// is at right angles to v.
func share(v []float32) float32 {
	squares, magnitudes := 0.0, 0.0
	for _, value := range v {
		squares += float64(value) * float64(value)
		magnitudes += math.Abs(float64(value))
	}
	if magnitudes == 0 {
		return 0
	}
	return float32(squares / magnitudes)
}

// largest is the greatest magnitude in v; not a number if v is not finite.
func largest(v []float32) float32 {
	most, nothing := float32(0), float32(0)
	for _, value := range v {
		nothing += value - value
		if value < 0 {
			value = -value
		}
		if value > most {
			most = value
		}
	}
	return most + nothing
}

func finite(value float32) bool { return value-value == 0 }

// quantised is value in units of scale, at most limit of them.
func quantised(value, scale float32, limit int) int {
	if scale == 0 {
		return 0
	}
	return max(-limit, min(int(math.RoundToEven(float64(value/scale))), limit))
}
