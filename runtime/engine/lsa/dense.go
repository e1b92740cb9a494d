package lsa

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

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
func (d dense) gram() *mat.SymDense {
	wide := blas64.General{Rows: d.rows(), Cols: d.columns, Stride: d.columns, Data: make([]float64, len(d.values))}
	for i, value := range d.values {
		wide.Data[i] = float64(value)
	}
	g := mat.NewSymDense(d.columns, nil)
	blas64.Syrk(blas.Trans, 1, wide, 0, g.RawSymmetric())
	return g
}

// times is the product of d and a matrix of columns.
func (d dense) times(columns [][]float64) dense {
	if len(columns) == 0 {
		return dense{}
	}
	m := newDense(d.columns, len(columns))
	for j, column := range columns {
		for i, value := range column {
			m.row(i)[j] = float32(value)
		}
	}
	product := newDense(d.rows(), m.columns)
	for first := 0; first < d.rows(); first += serialRows {
		end := min(first+serialRows, d.rows())
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, d.part(first, end), m.part(0, m.rows()), 0, product.part(first, end))
	}
	return product
}

// serialRows is how many rows gonum multiplies at a time without other processors, which
// are for requests.
const serialRows = 64

// part is the rows [first, end).
func (d dense) part(first, end int) blas32.General {
	return blas32.General{Rows: end - first, Cols: d.columns, Stride: d.columns, Data: d.values[first*d.columns : end*d.columns]}
}
