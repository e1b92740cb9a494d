package lsa

import (
	"cmp"
	"math"
	"slices"
)

// symmetric is a small symmetric matrix.
type symmetric struct {
	size   int
	values []float64
}

func newSymmetric(size int) symmetric { return symmetric{size, make([]float64, size*size)} }

func (s symmetric) row(i int) []float64 { return s.values[i*s.size : (i+1)*s.size] }

// mirror copies the upper triangle to the lower one.
func (s symmetric) mirror() {
	for i := range s.size {
		for j := range i {
			s.values[i*s.size+j] = s.values[j*s.size+i]
		}
	}
}

// eigenpair is an eigenvalue and its eigenvector of length 1.
type eigenpair struct {
	value  float64
	vector []float64
}

// eigen returns the eigenpairs in falling order. It is the cyclic Jacobi method (Golub
// and Van Loan, "Matrix Computations", section 8.5), which stays exact
// where eigenvalues are equal or 0. It destroys s.
func (s symmetric) eigen() []eigenpair {
	const maxSweeps = 30 // it converges in about ten
	vectors := newSymmetric(s.size)
	for i := range s.size {
		vectors.row(i)[i] = 1
	}
	least := 0.0 // what is nothing beside the matrix
	for i := range s.size {
		least = max(least, 1e-13*math.Abs(s.row(i)[i]))
	}
	for range maxSweeps {
		if s.sweep(vectors, least) == 0 {
			break
		}
	}
	pairs := make([]eigenpair, s.size)
	for i := range pairs {
		pairs[i] = eigenpair{s.row(i)[i], vectors.row(i)}
	}
	slices.SortStableFunc(pairs, func(a, b eigenpair) int { return cmp.Compare(b.value, a.value) })
	return pairs
}

// sweep makes each cell beside the diagonal 0 in turn, and counts those that were more
// than least.
func (s symmetric) sweep(vectors symmetric, least float64) int {
	rotations := 0
	for p := range s.size {
		for q := p + 1; q < s.size; q++ {
			off, a, b := s.row(p)[q], s.row(p)[p], s.row(q)[q]
			if math.Abs(off) <= least {
				continue
			}
			rotations++
			theta := (b - a) / (2 * off)
			tangent := math.Copysign(1, theta) / (math.Abs(theta) + math.Hypot(theta, 1))
			cosine := 1 / math.Hypot(tangent, 1)
			s.rotate(vectors, p, q, cosine, tangent*cosine)
		}
	}
	return rotations
}

// rotate turns the plane of the axes p and q.
func (s symmetric) rotate(vectors symmetric, p, q int, cosine, sine float64) {
	turn(s.row(p), s.row(q), cosine, sine)
	turn(vectors.row(p), vectors.row(q), cosine, sine)
	for i := range s.size {
		row := s.row(i)
		row[p], row[q] = cosine*row[p]-sine*row[q], sine*row[p]+cosine*row[q]
	}
}

func turn(a, b []float64, cosine, sine float64) {
	b = b[:len(a)]
	for i := range a {
		a[i], b[i] = cosine*a[i]-sine*b[i], sine*a[i]+cosine*b[i]
	}
}
