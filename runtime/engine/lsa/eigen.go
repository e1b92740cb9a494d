package lsa

import (
	"slices"

	"gonum.org/v1/gonum/mat"
)

// eigenpair is an eigenvalue and its eigenvector of length 1.
type eigenpair struct {
	value  float64
	vector []float64
}

// eigen returns the eigenpairs of a symmetric matrix in falling order.
func eigen(s *mat.SymDense) []eigenpair {
	var found mat.EigenSym
	if !found.Factorize(s, true) {
		return nil // it holds what is no number
	}
	var vectors mat.Dense
	found.VectorsTo(&vectors)
	var pairs []eigenpair
	for i, value := range found.Values(nil) {
		pairs = append(pairs, eigenpair{value, mat.Col(nil, i, &vectors)})
	}
	slices.Reverse(pairs)
	return pairs
}
