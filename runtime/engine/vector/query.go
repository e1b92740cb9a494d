package vector

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
		q.sum += int64(max(whole, -whole))
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
	c := q.compare(r, row)
	return c.score()
}

func (q *Query) fits(r *Rows) bool { return len(q.values) == r.dimensions }

// comparison is of a query and a row by its 8-bit values.
type comparison struct {
	query   *Query
	rows    *Rows
	row     uint32
	unit    float64
	product int32
}

func (q *Query) compare(r *Rows, row uint32) comparison {
	var product [1]int32
	products(q.values, r.values, row, product[:])
	return q.comparison(r, row, product[0])
}

func (q *Query) comparison(r *Rows, row uint32, product int32) comparison {
	return comparison{q, r, row, float64(q.scale) * float64(r.values.number(row)), product}
}

// least and most are what the score can be.
func (c *comparison) least() float64 { return c.of(-half * c.query.sum) }
func (c *comparison) most() float64  { return c.of(half * c.query.sum) }

// of is the score if the other 4 bits' product is fine.
func (c *comparison) of(fine int64) float64 {
	return float64(int64(c.product)<<fineBits+fine) * c.unit
}

// score is the score by all 12 bits.
func (c *comparison) score() float64 {
	return c.of(int64(fineProduct(c.query.values, c.rows.fines.at(c.row))))
}
