package vector

import (
	"math"
	"math/bits"
)

// rotation turns vectors by a rotation that is fixed for their dimensions.
// Pseudo-random signs and Hadamard transforms of the first and of the last power of two
// spread every dimension over all, as in Ailon and Chazelle, "The Fast
// Johnson-Lindenstrauss Transform" (2009). What is encoded depends on it: it can never
// change.
type rotation [2]pass

// pass shuffles a vector and transforms the first and then the last of it. Before each,
// about half of the values are negated.
type pass struct {
	order       []uint32
	first, last []float32 // factors: signs, and what keeps a transform's length
	block       int       // the greatest power of two of the dimensions
	turned      []float32
}

func newRotation(dimensions int) *rotation {
	random := splitMix(dimensions)
	var r rotation
	for i := range r {
		p := &r[i]
		p.block = 1 << (bits.Len(uint(dimensions)) - 1)
		p.order, p.turned = random.order(dimensions), make([]float32, dimensions)
		p.first, p.last = random.signs(dimensions), random.signs(dimensions)
		scale := float32(1 / math.Sqrt(float64(p.block)))
		for j := range p.block {
			p.first[j] *= scale
			p.last[dimensions-1-j] *= scale
		}
	}
	return &r
}

// turn returns v turned. It is good until the next is.
func (r *rotation) turn(v []float32) []float32 { return r[1].turn(r[0].turn(v)) }

func (p *pass) turn(v []float32) []float32 {
	for i, from := range p.order {
		p.turned[i] = v[from] * p.first[i]
	}
	hadamard(p.turned[:p.block])
	for i, factor := range p.last {
		p.turned[i] *= factor
	}
	hadamard(p.turned[len(v)-p.block:])
	return p.turned
}

// hadamard applies the Walsh-Hadamard transform to v, whose length is a power of two.
func hadamard(v []float32) {
	for half := 1; half < len(v); half *= 2 {
		for start := 0; start < len(v); start += 2 * half {
			left, right := v[start:][:half], v[start+half:][:half]
			for i, a := range left {
				b := right[i]
				left[i], right[i] = a+b, a-b
			}
		}
	}
}

// splitMix is the generator of Steele, Lea and Flood, "Fast Splittable Pseudorandom
// Number Generators" (2014). The standard library's do not promise to stay the same.
type splitMix uint64

func (s *splitMix) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// order is a permutation of n numbers.
func (s *splitMix) order(n int) []uint32 {
	order := make([]uint32, n)
	for i := range order {
		j := s.next() % uint64(i+1)
		order[i], order[j] = order[j], uint32(i)
	}
	return order
}

// signs are n times 1 or -1.
func (s *splitMix) signs(n int) []float32 {
	signs := make([]float32, n)
	for i := range signs {
		signs[i] = 1 - 2*float32(s.next()&1)
	}
	return signs
}
