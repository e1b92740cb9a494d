package vector

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// planes are a query's values as odd numbers of planeCount bits, bit by bit, so that
// their products with signs are counts of the bits that differ: every bit b of a value
// stands for 1<<b or its negative.
type planes struct {
	words      [][planeCount]uint64 // bits set are negative
	dimensions int
	doubt      int     // what the product of a near row may fall short by
	scale      float32 // the unit of the values
}

const (
	planeCount = 4
	maxPlane   = 1<<planeCount - 1
	// deviations is how many standard deviations of doubt a row is given: one near row
	// in a thousand is passed over.
	deviations = 3
)

func newPlanes(q *Query) planes {
	p := planes{words: make([][planeCount]uint64, (len(q.values)+63)/64), dimensions: len(q.values)}
	unit := float64(maxQuery) / maxPlane // in units of the query's values
	p.scale = q.scale * float32(unit)
	squares, lost := 0.0, 0.0
	for i, value := range q.values {
		odd := 2*int(math.Floor(float64(value)/(2*unit))) + 1
		odd = max(-maxPlane, min(odd, maxPlane))
		for bit := range planeCount {
			if (odd+maxPlane)/2>>bit&1 == 0 {
				p.words[i/64][bit] |= 1 << (i % 64)
			}
		}
		exact := float64(value) / unit
		squares += exact * exact
		lost += (exact - float64(odd)) * (exact - float64(odd))
	}
	// A rotated vector is to its signs as a normal one is: they hold 2/pi of it. The
	// rest meets the query at random, and so does what the planes leave of the query.
	p.doubt = int(math.Ceil(deviations * math.Sqrt((1-2/math.Pi)*squares+lost)))
	return p
}

// product is the dot product of the planes' values and the signs of a row.
func (p *planes) product(signs []byte) int {
	var differ [planeCount]int
	for i := range p.words {
		if len(signs) < 8 {
			break
		}
		word, plane := binary.LittleEndian.Uint64(signs), &p.words[i]
		differ[0] += bits.OnesCount64(word ^ plane[0])
		differ[1] += bits.OnesCount64(word ^ plane[1])
		differ[2] += bits.OnesCount64(word ^ plane[2])
		differ[3] += bits.OnesCount64(word ^ plane[3])
		signs = signs[8:]
	}
	return maxPlane*p.dimensions - 2*(differ[0]+differ[1]<<1+differ[2]<<2+differ[3]<<3)
}
