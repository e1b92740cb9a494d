package lsa

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
)

// Revision names a basis: vectors of different revisions have nothing in common. It may
// be known to those who may not know the basis, whose seed keeps it from being guessed.
type Revision [16]byte

// String is the revision in hexadecimal digits.
func (r Revision) String() string { return hex.EncodeToString(r[:]) }

// Revision is the basis's.
func (b *Basis) Revision() Revision { return b.revision }

// ErrCorrupt says that bytes are no encoded basis.
var ErrCorrupt = errors.New("no basis of latent semantic analysis, or a damaged one")

// The encoding, numbers in big-endian order: magic, seed, chunks, unseen, the number of
// dimensions and of terms; the terms in order, a byte of length before each; the weights;
// the matrix row by row.
const (
	magic       = "BHL\x01"
	headerBytes = len(magic) + len(Seed{}) + 8 + 8 + 2 + 4
	// maxTermBytes is the most that the byte of length can say.
	maxTermBytes = math.MaxUint8
)

// Encode returns the bytes that Decode makes an equal basis of, about 1 MiB for the
// largest. They hold words of the tenant's documents: seal them.
func (b *Basis) Encode() []byte {
	data := append([]byte(magic), b.seed[:]...)
	data = binary.BigEndian.AppendUint64(data, uint64(b.chunks))
	data = binary.BigEndian.AppendUint64(data, math.Float64bits(b.unseen))
	data = binary.BigEndian.AppendUint16(data, uint16(b.dimensions))
	data = binary.BigEndian.AppendUint32(data, uint32(len(b.terms)))
	for _, term := range b.terms {
		data = append(append(data, byte(len(term))), term...)
	}
	for _, weight := range b.weights {
		data = binary.BigEndian.AppendUint32(data, math.Float32bits(weight))
	}
	return append(data, b.matrix...)
}

// revisionOf is the revision of the basis with this encoding.
func revisionOf(data []byte) (r Revision) {
	hash := sha256.Sum256(data)
	copy(r[:], hash[:])
	return r
}

// Decode returns the basis that Encode wrote, or ErrCorrupt. It allocates no more than
// a small multiple of data.
func Decode(data []byte) (*Basis, error) {
	b := &Basis{revision: revisionOf(data)}
	terms, rest, err := b.decodeHeader(data)
	if err != nil {
		return nil, err
	}
	if rest, err = b.decodeTerms(rest, terms); err != nil {
		return nil, err
	}
	if len(rest) != terms*(4+b.dimensions) {
		return nil, fmt.Errorf("%w: %d bytes of weights and matrix", ErrCorrupt, len(rest))
	}
	b.weights = make([]float32, terms)
	for i := range b.weights {
		b.weights[i] = math.Float32frombits(binary.BigEndian.Uint32(rest[4*i:]))
		if !(b.weights[i] >= 0 && b.weights[i] <= math.MaxFloat32) {
			return nil, fmt.Errorf("%w: weight %v", ErrCorrupt, b.weights[i])
		}
	}
	b.matrix = bytes.Clone(rest[4*terms:])
	return b, nil
}

// decodeHeader returns the number of terms and what follows the header.
func (b *Basis) decodeHeader(data []byte) (terms int, rest []byte, err error) {
	if len(data) < headerBytes || string(data[:len(magic)]) != magic {
		return 0, nil, fmt.Errorf("%w: no header", ErrCorrupt)
	}
	fields := data[len(magic):headerBytes]
	fields = fields[copy(b.seed[:], fields):]
	chunks := binary.BigEndian.Uint64(fields)
	b.unseen = math.Float64frombits(binary.BigEndian.Uint64(fields[8:]))
	b.dimensions = int(binary.BigEndian.Uint16(fields[16:]))
	terms = int(binary.BigEndian.Uint32(fields[18:]))
	switch {
	case chunks < MinChunks || chunks > math.MaxUint32:
		return 0, nil, fmt.Errorf("%w: %d chunks", ErrCorrupt, chunks)
	case !(b.unseen >= 0 && b.unseen <= 1):
		return 0, nil, fmt.Errorf("%w: %v of the words unseen", ErrCorrupt, b.unseen)
	case b.dimensions < 1 || b.dimensions > MaxDimensions:
		return 0, nil, fmt.Errorf("%w: %d dimensions", ErrCorrupt, b.dimensions)
	case terms < 1 || terms > MaxTerms || len(data)-headerBytes < terms*(1+4+b.dimensions):
		return 0, nil, fmt.Errorf("%w: %d terms in %d bytes", ErrCorrupt, terms, len(data))
	}
	b.chunks = int(chunks)
	return terms, data[headerBytes:], nil
}

// decodeTerms reads the terms and returns what follows them.
func (b *Basis) decodeTerms(data []byte, terms int) (rest []byte, err error) {
	ends, at := make([]int, terms), 0
	for number := range ends {
		if at >= len(data) || len(data) < at+1+int(data[at]) {
			return nil, fmt.Errorf("%w: term %d is cut off", ErrCorrupt, number)
		}
		at += 1 + int(data[at])
		ends[number] = at
	}
	all, start := string(data[:at]), 0 // one copy for all of them
	b.terms = make([]string, terms)
	for number, end := range ends {
		b.terms[number] = all[start+1 : end]
		if number > 0 && b.terms[number] <= b.terms[number-1] {
			return nil, fmt.Errorf("%w: term %d is out of order", ErrCorrupt, number)
		}
		start = end
	}
	return data[at:], nil
}
