package lsa

import (
	"math"
	"math/rand/v2"
)

const (
	// oversampling is by how many directions the search is wider than its result, and
	// powerIterations how often it is repeated, by the advice of Halko, Martinsson and
	// Tropp for spectra that fall slowly, as those of texts do.
	oversampling    = 16
	powerIterations = 2
	// negligible is the least eigenvalue beside the largest that is more than rounding.
	negligible = 1e-9
)

// leading returns about the first k right singular vectors of a as columns, fewer if a
// has fewer. It is the randomised range finder with subspace iteration of Halko,
// Martinsson and Tropp, "Finding Structure with Randomness" (2011), algorithm 4.4,
// followed by a Rayleigh-Ritz step.
func leading(a *sparse, k int, random *rand.Rand) dense {
	transposed := a.transpose()
	width := min(k+oversampling, a.rows(), a.columns)
	y := independent(transposed.times(gaussian(a.rows(), width, random)))
	for range powerIterations {
		y = independent(transposed.times(a.times(y)))
	}
	y = independent(y) // orthonormal now: a pass is as exact as its columns are independent
	var columns [][]float64
	for _, pair := range significant(a.times(y).gram().eigen()) {
		columns = append(columns, pair.vector)
	}
	return y.times(columns[:min(k, len(columns))])
}

// independent returns columns of length 1 that span what y's do and are close to
// orthogonal.
func independent(y dense) dense {
	var columns [][]float64
	for _, pair := range significant(y.gram().eigen()) {
		scale := 1 / math.Sqrt(pair.value)
		for i := range pair.vector {
			pair.vector[i] *= scale
		}
		columns = append(columns, pair.vector)
	}
	return y.times(columns)
}

// significant returns the pairs, in falling order, that are more than rounding.
func significant(pairs []eigenpair) []eigenpair {
	for i, pair := range pairs {
		if pair.value <= negligible*pairs[0].value || pair.value <= 0 {
			return pairs[:i]
		}
	}
	return pairs
}
