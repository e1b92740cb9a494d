// Package lsa embeds chunks by latent semantic analysis (Deerwester et al. 1990): the
// leading singular vectors of a sample's terms by chunks are directions of terms that
// occur together, and a chunk's place along them finds it for words that it does not
// have. A basis is fitted on a tenant's own chunks and belongs to them, so tenants share
// no space.
//
// The package is pure, and what it computes depends on its arguments alone.
package lsa
