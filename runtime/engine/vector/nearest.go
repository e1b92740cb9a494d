package vector

// Nearest visits rows that sources keep, each once and with its Score, the k nearest
// to the query among them; the visitor chooses. live counts all that are kept. What
// is visited does not depend on how rows are divided into sources, nor on those that
// are not kept.
func (q *Query) Nearest(sources []Source, live, k int, visit func(source int, row uint32, score float64)) {
	for i := range sources {
		q.Scan(sources[i].Rows, func(row uint32, score float64) {
			if sources[i].keeps(row) {
				visit(i, row, score)
			}
		})
	}
}

// Scan visits every row of r with its Score.
func (q *Query) Scan(r *Rows, visit func(row uint32, score float64)) {
	for row := range uint32(r.Len()) {
		visit(row, q.Score(r, row))
	}
}
