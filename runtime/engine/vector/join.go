package vector

import "fmt"

// Source is rows and which of them count.
type Source struct {
	*Rows
	Keep func(row uint32) bool // nil keeps all
}

func (s *Source) keeps(row uint32) bool { return s.Keep == nil || s.Keep(row) }

// Join encodes the rows that parts keep, in order, as one; it is what Encode makes
// of their vectors. Errors: no part, parts of different dimensions, or all together
// are beyond the limits.
func Join(parts []Source) ([]byte, error) {
	kept := make([][]uint32, len(parts))
	total := 0
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
	if len(parts) == 0 {
		return nil, fmt.Errorf("no vectors to join")
	}
	out, err := newHead(parts[0].dimensions, total)
	if err != nil {
		return nil, err
	}
	for i, rows := range kept {
		for _, row := range rows {
			out = append(out, parts[i].scales[4*row:][:4]...)
		}
	}
	for i, rows := range kept {
		for _, row := range rows {
			out = append(out, parts[i].row(row)...)
		}
	}
	return out, nil
}
