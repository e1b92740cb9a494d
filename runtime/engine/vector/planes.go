package vector

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// planes are a query's values as odd numbers of planeCount bits, bit by bit, so that
// their products with signs are counts of the bits that differ: bit b of a value, set
// or not, stands for -1<<b or 1<<b.
type planes struct {
	words      []planeWords
	dimensions int
	doubt      int     // what the product of a near row may fall short by
	scale      float32 // the unit of the values
}

// planeWords are the bits of 128 dimensions: a word for each plane of the first 64, and
// of the last.
type planeWords [2][planeCount]uint64

const (
	planeCount = 4
	maxPlane   = 1<<planeCount - 1
	signBytes  = 16 // of signs for each planeWords
	// deviations is how many standard deviations of doubt a row is given. One in 40 of
	// those just near enough is passed over, and hardly any that is nearer.
	deviations = 2
)

func newPlanes(q *Query) planes {
	p := planes{words: make([]planeWords, signWidth(len(q.values))/signBytes), dimensions: len(q.values)}
	unit := float64(maxQuery) / maxPlane // in units of the query's values
	p.scale = q.scale * float32(unit)
	squares, lost := 0.0, 0.0
	for i, value := range q.values {
		exact := float64(value) / unit
		odd := max(-maxPlane, min(2*int(math.Floor(exact/2))+1, maxPlane))
		p.set(i, odd)
		squares += exact * exact
		lost += (exact - float64(odd)) * (exact - float64(odd))
	}
	// A rotated vector is to its signs as one of normal values is: they tell 2/pi of it.
	// The rest meets the query at random, and so does what the planes lose of the query.
	p.doubt = int(math.Ceil(deviations * math.Sqrt((1-2/math.Pi)*squares+lost)))
	return p
}

func (p *planes) set(i, odd int) {
	for bit := range planeCount {
		if (odd+maxPlane)/2>>bit&1 == 0 {
			p.words[i/128][i%128/64][bit] |= 1 << (i % 64)
		}
	}
}

// promise writes, for every row of r, the score that its signs promise, in units of
// scale. It returns what is left of out.
func (p *planes) promise(r *Rows, out []float32) []float32 {
	most := maxPlane*p.dimensions + p.doubt
	var buffer [batch]int32
	for first := 0; first < r.n; first += batch {
		differing := buffer[:min(batch, r.n-first)]
		differences(p.words, r.signs, uint32(first), differing)
		for i, bits := range differing {
			out[first+i] = r.signs.number(uint32(first+i)) * float32(most-2*int(bits))
		}
	}
	return out[r.n:]
}

// plainDifferences writes differences on any machine.
func plainDifferences(words []planeWords, signs column, first uint32, out []int32) {
	for i := range out {
		_, of := signs.cut(first + uint32(i))
		out[i] = int32(differ(words, of))
	}
}

// differ counts the bits of signs that differ from words', each as often as its plane
// weighs.
func differ(words []planeWords, signs []byte) int {
	total := 0
	for i := range words {
		p, in := &words[i], (*[signBytes]byte)(signs)
		a, b := binary.LittleEndian.Uint64(in[:]), binary.LittleEndian.Uint64(in[8:])
		total += bits.OnesCount64(a^p[0][0]) + bits.OnesCount64(b^p[1][0]) +
			(bits.OnesCount64(a^p[0][1])+bits.OnesCount64(b^p[1][1]))<<1 +
			(bits.OnesCount64(a^p[0][2])+bits.OnesCount64(b^p[1][2]))<<2 +
			(bits.OnesCount64(a^p[0][3])+bits.OnesCount64(b^p[1][3]))<<3
		signs = signs[signBytes:]
	}
	return total
}
