package lsa

import "math/rand/v2"

// dense is a matrix with many rows and few columns, kept row by row.
type dense struct {
	columns int
	values  []float32
}

func newDense(rows, columns int) dense { return dense{columns, make([]float32, rows*columns)} }

func (d dense) rows() int { return len(d.values) / max(1, d.columns) }

func (d dense) row(i int) []float32 { return d.values[i*d.columns : (i+1)*d.columns] }

// gaussian is a matrix of independent normal values.
func gaussian(rows, columns int, random *rand.Rand) dense {
	d := newDense(rows, columns)
	for i := range d.values {
		d.values[i] = float32(random.NormFloat64())
	}
	return d
}

// gram holds the inner products of d's columns.
func (d dense) gram() symmetric {
	g := newSymmetric(d.columns)
	wide := make([]float64, d.columns)
	for i := range d.rows() {
		for j, value := range d.row(i) {
			wide[j] = float64(value)
		}
		for j, value := range wide {
			out, rest := g.row(j)[j:], wide[j:]
			rest = rest[:len(out)]
			for k := range out {
				out[k] += value * rest[k]
			}
		}
	}
	g.mirror()
	return g
}

// times is the product of d and the columns of m, an array of equally long ones.
func (d dense) times(columns [][]float64) dense {
	m := newDense(d.columns, len(columns))
	for j, column := range columns {
		for i, value := range column {
			m.row(i)[j] = float32(value)
		}
	}
	product := newDense(d.rows(), m.columns)
	for i := range d.rows() {
		out := product.row(i)
		for k, value := range d.row(i) {
			addScaled(out, value, m.row(k))
		}
	}
	return product
}
