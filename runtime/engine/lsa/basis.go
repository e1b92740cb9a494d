package lsa

import (
	"math"
	"slices"
)

// Weight is the share of a basis's scores beside those of BM25.
const Weight = 0.5

// Basis is the space that a tenant's chunks and questions are embedded in. It never
// changes, so any number of goroutines may share it.
type Basis struct {
	terms      []string // that it knows, in order, each known by its place
	dimensions int
	// matrix has a row for each term, of int8, which cost nothing in quality (.0005
	// nDCG@10, on four collections). weights make up for each row's scale, and hold the term's
	// inverse document frequency.
	matrix  []byte
	weights []float32

	seed     Seed
	chunks   int     // of the tenant when it was fitted
	unseen   float64 // mean in the sample
	revision Revision
}

// newBasis scales each row to what 8 bits hold.
func newBasis(words *vocabulary, matrix dense) *Basis {
	b := &Basis{
		terms:      words.terms,
		dimensions: matrix.columns,
		matrix:     make([]byte, len(matrix.values)),
		weights:    make([]float32, len(words.rarity)),
	}
	for number := range b.weights {
		largest := float32(0)
		for _, value := range matrix.row(number) {
			largest = max(largest, value, -value)
		}
		if largest == 0 {
			continue
		}
		for j, value := range matrix.row(number) {
			b.row(uint32(number))[j] = byte(int8(math.Round(float64(value / largest * math.MaxInt8))))
		}
		b.weights[number] = words.rarity[number] * largest / math.MaxInt8
	}
	return b
}

func (b *Basis) row(number uint32) []byte {
	return b.matrix[int(number)*b.dimensions:][:b.dimensions]
}

// Dimensions is the length of a vector, at most MaxDimensions.
func (b *Basis) Dimensions() int { return b.dimensions }

// Project returns the vector, of length 1, of what has these counts: a chunk or a
// question. It is 0 when the basis knows none of the terms.
func (b *Basis) Project(counts []Count) []float32 {
	vector := make([]float32, b.dimensions)
	for _, c := range counts {
		if number, known := b.Number(c.Term); known {
			b.Add(vector, number, c.Count)
		}
	}
	Normalise(vector)
	return vector
}

// Number is by what Add knows a term; known is false if the basis does not know it.
func (b *Basis) Number(term string) (number uint32, known bool) {
	at, known := slices.BinarySearch(b.terms, term)
	return uint32(at), known
}

// Add adds count occurrences of a term to the vector, of Dimensions, of what has them.
// That of a chunk is the sum over its terms, in one order for all, normalised.
func (b *Basis) Add(vector []float32, number, count uint32) {
	scale := damped(count) * b.weights[number]
	for j, value := range b.row(number)[:len(vector)] {
		vector[j] += scale * float32(int8(value))
	}
}

// Normalise gives a vector the length 1, unless it is 0.
func Normalise(vector []float32) {
	sum := 0.0
	for _, value := range vector {
		sum += float64(value) * float64(value)
	}
	if sum == 0 {
		return
	}
	scale := float32(1 / math.Sqrt(sum))
	for i := range vector {
		vector[i] *= scale
	}
}

// Stale tells whether a tenant that now has so many chunks should get a new basis: they
// have doubled or halved, or the share of a chunk's words that the basis does not know is,
// in the mean, a fifth more than it was in the sample. The words that were too rare for the
// vocabulary to begin with do not count.
func (b *Basis) Stale(chunks int, unseen float64) bool {
	const much = 0.2
	return chunks >= 2*b.chunks || chunks <= b.chunks/2 || unseen > b.unseen+much
}

// Bytes is approximately the memory that the basis takes.
func (b *Basis) Bytes() int64 {
	const perTerm = 16 + 4 // where it is, and its weight
	total := len(b.matrix) + perTerm*len(b.terms)
	for _, term := range b.terms {
		total += len(term)
	}
	return int64(total)
}
