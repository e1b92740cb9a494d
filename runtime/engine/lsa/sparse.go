package lsa

// sparse is a matrix of which most is 0, kept row by row.
type sparse struct {
	columns int
	starts  []int // row i has cells[starts[i]:starts[i+1]]
	cells   []cell
}

type cell struct {
	column uint32
	value  float32
}

func newSparse(columns int) *sparse { return &sparse{columns: columns, starts: []int{0}} }

func (a *sparse) rows() int { return len(a.starts) - 1 }

func (a *sparse) row(i int) []cell { return a.cells[a.starts[i]:a.starts[i+1]] }

// endRow makes the cells appended since the last call a row.
func (a *sparse) endRow() { a.starts = append(a.starts, len(a.cells)) }

func (a *sparse) transpose() *sparse {
	t := &sparse{columns: a.rows(), starts: make([]int, a.columns+1), cells: make([]cell, len(a.cells))}
	for _, c := range a.cells {
		t.starts[c.column+1]++
	}
	for i := range a.columns {
		t.starts[i+1] += t.starts[i]
	}
	next := append([]int(nil), t.starts...)
	for i := range a.rows() {
		for _, c := range a.row(i) {
			t.cells[next[c.column]] = cell{uint32(i), c.value}
			next[c.column]++
		}
	}
	return t
}

// times is the product of a and y.
func (a *sparse) times(y dense) dense {
	product := newDense(a.rows(), y.columns)
	for i := range a.rows() {
		out, cells := product.row(i), a.row(i)
		// Four at a time, since reading and writing out is half of the work.
		for ; len(cells) >= 4; cells = cells[4:] {
			addFour(out, cells, y.row(int(cells[0].column)), y.row(int(cells[1].column)), y.row(int(cells[2].column)), y.row(int(cells[3].column)))
		}
		for _, c := range cells {
			addScaled(out, c.value, y.row(int(c.column)))
		}
	}
	return product
}

// addFour adds the four rows to out, scaled by the first four cells.
func addFour(out []float32, cells []cell, r0, r1, r2, r3 []float32) {
	v0, v1, v2, v3 := cells[0].value, cells[1].value, cells[2].value, cells[3].value
	r0, r1, r2, r3 = r0[:len(out)], r1[:len(out)], r2[:len(out)], r3[:len(out)]
	for j := range out {
		out[j] += v0*r0[j] + v1*r1[j] + v2*r2[j] + v3*r3[j]
	}
}

func addScaled(out []float32, scale float32, row []float32) {
	row = row[:len(out)]
	for j := range out {
		out[j] += scale * row[j]
	}
}
