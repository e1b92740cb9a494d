package lsa

import "math"

// Weight is the share of a basis's scores beside those of BM25.
const Weight = 0.5

// Basis is the space that a tenant's chunks and questions are embedded in. It never
// changes, so any number of goroutines may share it.
type Basis struct {
	numbers    map[string]uint32 // of the terms that it knows
	dimensions int
	// matrix has a row for each term, in 8 bits, which cost nothing in quality (.0005
	// nDCG@10, on four collections). weights make up for each row's scale, and hold the term's
	// inverse document frequency.
	matrix  []int8
	weights []float32

	seed     Seed
	chunks   int     // of the tenant when it was fitted
	unseen   float64 // mean in the sample
	revision Revision
}

// newBasis scales each row to what 8 bits hold.
func newBasis(words *vocabulary, matrix dense) *Basis {
	b := &Basis{
		numbers:    words.numbers,
		dimensions: matrix.columns,
		matrix:     make([]int8, len(matrix.values)),
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
			b.row(uint32(number))[j] = int8(math.Round(float64(value / largest * math.MaxInt8)))
		}
		b.weights[number] = words.rarity[number] * largest / math.MaxInt8
	}
	return b
}

func (b *Basis) row(number uint32) []int8 {
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
	number, known = b.numbers[term]
	return number, known
}

// Add adds count occurrences of a term to the vector, of Dimensions, of what has them.
// That of a chunk is the sum over its terms, in one order for all, normalised.
func (b *Basis) Add(vector []float32, number, count uint32) {
	scale := damped(count) * b.weights[number]
	for j, value := range b.row(number)[:len(vector)] {
		vector[j] += scale * float32(value)
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

// Unseen is the share of a chunk's words, 0 to 1, that the basis does not know.
func (b *Basis) Unseen(counts []Count) float64 {
	unseen, total := 0.0, 0.0
	for _, c := range counts {
		total += float64(c.Count)
		if _, known := b.numbers[c.Term]; !known {
			unseen += float64(c.Count)
		}
	}
	return unseen / max(1, total)
}

// Stale tells whether a tenant that now has so many chunks should get a new basis: they
// have doubled or halved, or the mean of Unseen over its chunks is a fifth more than it
// was in the sample. The words that were too rare for the vocabulary to begin with do not
// count.
func (b *Basis) Stale(chunks int, unseen float64) bool {
	const much = 0.2
	return chunks >= 2*b.chunks || chunks <= b.chunks/2 || unseen > b.unseen+much
}

// Bytes is approximately the memory that the basis takes.
func (b *Basis) Bytes() int64 {
	const perTerm = 40 // in the map of numbers
	total := len(b.matrix) + (4+perTerm)*len(b.weights)
	for term := range b.numbers {
		total += len(term)
	}
	return int64(total)
}
