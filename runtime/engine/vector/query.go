package vector

import "fmt"

// Query is a vector prepared to be compared with rows. It is safe for concurrent use.
type Query struct {
	values []int16
	scale  float32 // the unit of the values
	sum    int64   // of the values' magnitudes
	planes planes
}

// maxQuery is the greatest magnitude of a query's values: as great as the sum of
// MaxDimensions products with 8-bit values leaves 32 bits.
const maxQuery = 1<<12 - 1

// NewQuery prepares vector. One of zeros, or that is not finite, is near to nothing:
// it scores 0.
func NewQuery(vector []float32) *Query {
	rotated := append([]float32(nil), vector...)
	rotate(rotated)
	q := &Query{values: make([]int16, len(vector)), scale: largest(rotated) / maxQuery}
	if !finite(q.scale) {
		q.scale = 0
	}
	for i, value := range rotated {
		whole := quantised(value, q.scale, maxQuery)
		q.values[i] = int16(whole)
		q.sum += int64(max(whole, -whole))
	}
	q.planes = newPlanes(q)
	return q
}

// Score is the cosine of the query and a row of r, both being of length 1; their dot
// product if they are not. It depends on nothing but the two. It panics if r has other
// dimensions than the query.
func (q *Query) Score(r *Rows, row uint32) float64 {
	q.check(r)
	return q.score(r, row, product(q.values, r.values.at(row)))
}

func (q *Query) check(r *Rows) {
	if len(q.values) != r.dimensions {
		panic(fmt.Sprintf("a query of %d dimensions meets rows of %d", len(q.values), r.dimensions))
	}
}

// score is the score of a row whose 8-bit values have a product with the query's.
func (q *Query) score(r *Rows, row uint32, coarse int32) float64 {
	return q.scaled(r, row, int64(coarse)*16+int64(fineProduct(q.values, r.fines.at(row))))
}

// bound is what the row's score can be at most.
func (q *Query) bound(r *Rows, row uint32, coarse int32) float64 {
	return q.scaled(r, row, int64(coarse)*16+8*q.sum)
}

func (q *Query) scaled(r *Rows, row uint32, product int64) float64 {
	return float64(product) * (float64(q.scale) * float64(r.scales.float(row)))
}
