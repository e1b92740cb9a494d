package vector

// Query is a vector prepared to be compared with rows. It is safe for concurrent use.
type Query struct {
	values []int16
	scale  float32 // the unit of the values
}

// maxQuery is the greatest magnitude of a query's values: as great as the sum of
// MaxDimensions products with rows' values leaves 32 bits.
const maxQuery = 1<<12 - 1

// NewQuery prepares vector. One that is not finite scores NaN.
func NewQuery(vector []float32) *Query {
	q := &Query{values: make([]int16, len(vector)), scale: largest(vector) / maxQuery}
	if !finite(q.scale) {
		q.scale -= q.scale
		return q
	}
	for i, value := range vector {
		q.values[i] = int16(quantised(value, q.scale))
	}
	return q
}

// Score is the cosine of the query and a row of r, which has as many dimensions,
// both being of length 1; their dot product if they are not. It depends on nothing
// but the two.
func (q *Query) Score(r *Rows, row uint32) float64 {
	return float64(dot(q.values, r.row(row))) * float64(q.scale) * float64(r.scale(row))
}

// dot is the dot product of a query's and a row's values.
func dot(query []int16, row []byte) int32 {
	sum := int32(0)
	for i, value := range query {
		sum += int32(value) * int32(int8(row[i]))
	}
	return sum
}
