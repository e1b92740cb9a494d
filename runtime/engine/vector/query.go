package vector

// Query is a vector prepared to be compared with rows. It is safe for concurrent use.
type Query struct {
	values    []int16
	scale     float32 // the unit of the values
	magnitude int64   // of the values, added up
	planes    planes
}

// maxQuery is the greatest magnitude of a query's values: as great as the sum of
// MaxDimensions products with 8-bit values leaves 32 bits.
const maxQuery = 1<<12 - 1

// NewQuery prepares vector, of one dimension or more. One of zeros, or that is not
// finite, is near to nothing: it scores 0.
func NewQuery(vector []float32) *Query {
	rotated := newRotation(len(vector)).turn(vector)
	q := &Query{values: make([]int16, len(vector)), scale: largest(rotated) / maxQuery}
	if !finite(q.scale) {
		q.scale = 0
	}
	for i, value := range rotated {
		whole := quantised(value, q.scale, maxQuery)
		q.values[i] = int16(whole)
		q.magnitude += int64(max(whole, -whole))
	}
	q.planes = newPlanes(q)
	return q
}

// Score is the cosine of the query and a row of r, both being of length 1; their dot
// product if they are not. It depends on nothing but the two. Rows of other dimensions
// than the query score 0.
func (q *Query) Score(r *Rows, row uint32) float64 {
	if !q.fits(r) {
		return 0
	}
	return q.score(r, row, q.product(r, row))
}

func (q *Query) fits(r *Rows) bool { return len(q.values) == r.dimensions }

// product is of the query's values and a row's 8-bit ones.
func (q *Query) product(r *Rows, row uint32) int32 {
	var product [1]int32
	products(q.values, r.values, row, product[:])
	return product[0]
}

// score is a row's, of this product, by all 12 bits.
func (q *Query) score(r *Rows, row uint32, product int32) float64 {
	return q.sum(r, row, product, int64(fineProduct(q.values, r.fines.at(row))))
}

// least and most are what the score of a row of this product can be.
func (q *Query) least(r *Rows, row uint32, product int32) float64 {
	return q.sum(r, row, product, -half*q.magnitude)
}

func (q *Query) most(r *Rows, row uint32, product int32) float64 {
	return q.sum(r, row, product, half*q.magnitude)
}

// sum is the score of a row by both its products.
func (q *Query) sum(r *Rows, row uint32, product int32, fine int64) float64 {
	return float64(int64(product)<<fineBits+fine) * (float64(q.scale) * float64(r.values.number(row)))
}
