package segment

import "iter"

// Terms yields the terms in order, with the chunks in which each occurs.
func (s *Segment) Terms() iter.Seq2[string, Postings] {
	return func(yield func(string, Postings) bool) {
		for terms := newTermReader(&s.dictionary); !terms.over; terms.next() {
			if !yield(string(terms.group.term), s.list(terms.group.entry)) {
				return
			}
		}
	}
}
