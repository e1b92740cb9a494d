package lsa

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

const (
	// MinChunks is from how many chunks on a basis is worth while.
	MinChunks = 300
	// MaxSample bounds the chunks that a basis is fitted on.
	MaxSample = 20_000
	// MaxTerms bounds the vocabulary of a basis.
	MaxTerms = 8_192
	// MaxDimensions bounds a vector.
	MaxDimensions = 128
	// chunksPerDimension keeps a small sample from being learnt by heart.
	chunksPerDimension = 4
)

// ErrTooFew says that there is too little to fit a basis on.
var ErrTooFew = errors.New("too few chunks for latent semantic analysis: rank by words alone")

// Seed is the random start of a fit. Draw one at random for each: it is kept with the
// basis, and makes its revision tell nothing of what it was fitted on.
type Seed [32]byte

// Choose picks the chunks, of n, to fit a basis on: all if they are at most MaxSample.
// Which, and in which order, depends on the seed and on the chunks' keys, not on how they
// are numbered.
func Choose(n int, key func(i int) []byte, seed Seed) []int {
	places := make([]uint64, n)
	chosen := make([]int, n)
	for i := range n {
		hash := sha256.Sum256(append(seed[:], key(i)...))
		places[i] = binary.BigEndian.Uint64(hash[:])
		chosen[i] = i
	}
	slices.SortFunc(chosen, func(a, b int) int { return cmp.Compare(places[a], places[b]) })
	return chosen[:min(n, MaxSample)]
}

// Fit makes the basis of a tenant that has so many chunks, of the counts of those that
// Choose picked, in its order. It takes some seconds for the largest sample.
func Fit(sample [][]Count, chunks int, seed Seed) (*Basis, error) {
	if len(sample) < MinChunks {
		return nil, ErrTooFew
	}
	if len(sample) > min(MaxSample, chunks) {
		return nil, fmt.Errorf("a sample of %d chunks of %d: want those that Choose picks", len(sample), chunks)
	}
	words := newVocabulary(sample)
	matrix := words.matrix(sample)
	k := min(MaxDimensions, len(sample)/chunksPerDimension)
	random := rand.New(rand.NewChaCha8(seed)) //nolint:gosec // it must be repeatable, and keeps no secret
	directions := leading(matrix, k, random)
	if directions.columns == 0 {
		return nil, ErrTooFew // their words are all different or all the same
	}
	basis := newBasis(words, directions)
	basis.seed, basis.chunks = seed, chunks
	for _, counts := range sample {
		basis.unseen += words.unseen(counts)
	}
	basis.unseen /= float64(len(sample))
	basis.revision = revisionOf(basis.Encode())
	return basis, nil
}
