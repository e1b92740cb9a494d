package lsa

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
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
// has fewer. It looks for them in the space of a's rows or in that of its columns,
// whichever has fewer dimensions.
func leading(a *sparse, k int, random *rand.Rand) dense {
	transposed := a.transpose()
	width := min(k+oversampling, a.rows(), a.columns)
	if a.rows() < a.columns {
		left := span(a, transposed, width, random)
		return independent(transposed.times(left), k)
	}
	right := span(transposed, a, width, random)
	return right.times(vectors(principal(a.times(right)), k)) // a Rayleigh-Ritz step
}

// span returns orthonormal columns that span about what the leading columns of a do, whose
// transpose is t. It is the randomised range finder with subspace iteration of Halko,
// Martinsson and Tropp, "Finding Structure with Randomness" (2011), algorithm 4.4.
func span(a, t *sparse, width int, random *rand.Rand) dense {
	y := independent(a.times(gaussian(a.columns, width, random)), width)
	for range powerIterations {
		y = independent(a.times(t.times(y)), width)
	}
	return independent(y, width) // a pass is as exact as its columns are independent
}

// independent returns at most so many columns of length 1, close to orthogonal, that span
// what y's do, those along which y's are longest first.
func independent(y dense, most int) dense {
	pairs := principal(y)
	for _, pair := range pairs {
		floats.Scale(1/math.Sqrt(pair.value), pair.vector)
	}
	return y.times(vectors(pairs, most))
}

// vectors are at most so many vectors of pairs.
func vectors(pairs []eigenpair, most int) [][]float64 {
	var first [][]float64
	for _, pair := range pairs[:min(most, len(pairs))] {
		first = append(first, pair.vector)
	}
	return first
}

// principal returns the eigenpairs of the inner products of y's columns, in falling order,
// that are more than rounding.
func principal(y dense) []eigenpair {
	if len(y.values) == 0 {
		return nil
	}
	pairs := eigen(y.gram())
	for i, pair := range pairs {
		if pair.value <= negligible*pairs[0].value || pair.value <= 0 {
			return pairs[:i]
		}
	}
	return pairs
}
