package engine

import "math"

// The parameters of BM25 at the values usual in the literature and in Lucene: k1
// bounds what more occurrences of a term add, b is how far a chunk's length
// discounts them.
const (
	k1 = 1.2
	b  = 0.75
)

// bm25 scores by the function of Robertson and Zaragoza, "The Probabilistic
// Relevance Framework: BM25 and Beyond" (2009), section 3.4.
type bm25 struct {
	chunks float64 // N
	length float64 // the mean over the chunks
}

// rarity is a term's inverse document frequency. The one within the logarithm, as
// in Lucene, keeps a term of more than half the chunks from counting against them.
func (s bm25) rarity(frequency int) float64 {
	return math.Log(1 + (s.chunks-float64(frequency)+0.5)/(float64(frequency)+0.5))
}

// weight is what count occurrences of a term of rarity 1 add to the score of a
// chunk of length words.
func (s bm25) weight(count, length uint32) float64 {
	return float64(count) / (float64(count) + k1*(1-b+b*float64(length)/s.length))
}

// points are a score in units so small that nobody misses what is below. Sums of them,
// unlike those of floating-point numbers, do not depend on the order.
type points int64

const pointsPerOne = 1 << 43

func (p points) score() float64 { return float64(p) / pointsPerOne }

// points are the weight in a term of a rarity.
func (s bm25) points(rarity float64, count, length uint32) points {
	return points(pointsPerOne * rarity * s.weight(count, length))
}
