package vector

import (
	"errors"
	"fmt"
)

// Source is rows and which of them count.
type Source struct {
	*Rows
	Keep func(row uint32) bool // nil keeps all
	// Group is what a row is part of, of which a Limit may want only so many.
	Group func(row uint32) uint32
}

func (s *Source) keeps(row uint32) bool { return s.Keep == nil || s.Keep(row) }

// Join encodes the rows that parts keep, in order, as one; it is what Encode makes
// of their vectors. Errors: no part, parts of different dimensions, or all together
// are beyond the limits.
func Join(parts []Source) ([]byte, error) {
	if len(parts) == 0 {
		return nil, errors.New("there are no vectors to be joined")
	}
	kept, total := make([][]uint32, len(parts)), 0
	for i := range parts {
		if parts[i].dimensions != parts[0].dimensions {
			return nil, fmt.Errorf("vectors of %d and of %d dimensions can not be joined", parts[0].dimensions, parts[i].dimensions)
		}
		for row := range uint32(parts[i].Len()) {
			if parts[i].keeps(row) {
				kept[i] = append(kept[i], row)
			}
		}
		total += len(kept[i])
	}
	out, joined, err := allocate(parts[0].dimensions, total)
	if err != nil {
		return nil, err
	}
	next := uint32(0)
	for i, rows := range kept {
		for _, row := range rows {
			joined.copyRow(next, parts[i].Rows, row)
			next++
		}
	}
	return out, nil
}

func (r *Rows) copyRow(to uint32, from *Rows, row uint32) {
	columns := from.columns()
	for i, c := range r.columns() {
		copy(c.at(to), columns[i].at(row))
	}
}
