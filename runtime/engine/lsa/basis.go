package lsa

import (
	"math"
)

// Basis is the space that a tenant's chunks and questions are embedded in. It never
// changes, so any number of goroutines may share it.
type Basis struct {
	*vocabulary
	dimensions int
	matrix dense

	seed   Seed
	chunks int     // of the tenant when it was fitted
	unseen float64 // in the sample
}

func newBasis(words *vocabulary, matrix dense) *Basis {
	return &Basis{vocabulary: words, dimensions: matrix.columns, matrix: matrix}
}

// Dimensions is the length of a vector.
func (b *Basis) Dimensions() int { return b.dimensions }

func (b *Basis) Project(counts []Count) []float32 {
	vector := make([]float32, b.dimensions)
	for _, c := range counts {
		if number, known := b.numbers[c.Term]; known {
			addScaled(vector, damped(c.Count)*b.rarity[number], b.matrix.row(int(number)))
		}
	}
	normalise(vector)
	return vector
}

func normalise(vector []float32) {
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
	if total == 0 { return 0 }
	return unseen / total
}

// Weight is the share of the basis's scores beside those of BM25.
const Weight = 0.5
