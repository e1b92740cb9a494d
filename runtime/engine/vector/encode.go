package vector

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Encode writes vectors of one length. Errors: a vector of another length, or that
// is not finite.
func Encode(dimensions int, vectors [][]float32) ([]byte, error) {
	out, err := newHead(dimensions, len(vectors))
	if err != nil {
		return nil, err
	}
	for i, v := range vectors {
		largest := largest(v)
		if len(v) != dimensions || !finite(largest) {
			return nil, fmt.Errorf("vector %d has %d dimensions, of %d, or is not finite", i, len(v), dimensions)
		}
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(largest/math.MaxInt8))
	}
	for i, v := range vectors {
		scale := math.Float32frombits(binary.LittleEndian.Uint32(out[headBytes+4*i:]))
		for _, value := range v {
			out = append(out, byte(quantised(value, scale)))
		}
	}
	return out, nil
}

// newHead returns what precedes n rows, with room for them.
func newHead(dimensions, n int) ([]byte, error) {
	if dimensions < 1 || dimensions > MaxDimensions || n > math.MaxInt32/(4+dimensions) {
		return nil, fmt.Errorf("%d vectors of %d dimensions are beyond the limits", n, dimensions)
	}
	out := append(make([]byte, 0, headBytes+n*(4+dimensions)), magic...)
	out = binary.LittleEndian.AppendUint32(out, uint32(dimensions))
	return binary.LittleEndian.AppendUint32(out, uint32(n)), nil
}

// largest is the greatest magnitude in v.
func largest(v []float32) float32 {
	most := float32(0)
	for _, value := range v {
		most = max(most, value, -value)
	}
	return most
}

func finite(value float32) bool { return value-value == 0 }

// quantised is value in units of scale.
func quantised(value, scale float32) int {
	if scale == 0 {
		return 0
	}
	return int(math.Round(float64(value / scale)))
}
