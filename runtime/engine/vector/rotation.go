package vector

import (
	"math"
	"math/bits"
)

// rotate turns v by a rotation that is fixed for its dimensions. Pseudo-random signs
// and Hadamard transforms of the first and of the last power of two spread every
// dimension over all, as in Ailon and Chazelle, "The Fast Johnson-Lindenstrauss
// Transform" (2009). What is encoded depends on it: it can never change.
func rotate(v []float32) {
	random := splitMix(len(v))
	block := 1 << (bits.Len(uint(len(v))) - 1)
	for range 2 {
		random.shuffle(v)
		random.flip(v)
		hadamard(v[:block])
		random.flip(v)
		hadamard(v[len(v)-block:])
	}
}

// hadamard applies the orthonormal Walsh-Hadamard transform to v, whose length is a
// power of two.
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
	scale := float32(1 / math.Sqrt(float64(len(v))))
	for i := range v {
		v[i] *= scale
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

func (s *splitMix) shuffle(v []float32) {
	for i := len(v) - 1; i > 0; i-- {
		j := s.next() % uint64(i+1)
		v[i], v[j] = v[j], v[i]
	}
}

// flip negates about half of v.
func (s *splitMix) flip(v []float32) {
	for i := range v {
		if s.next()&1 != 0 {
			v[i] = -v[i]
		}
	}
}
