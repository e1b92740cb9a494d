package segment

import "iter"

// Terms yields the terms in order, with the chunks in which each occurs.
func (s *Segment) Terms() iter.Seq2[string, Postings] {
	return func(yield func(string, Postings) bool) {
		for terms := newTermReader(&s.dictionary); !terms.over; terms.next() {
			if !yield(terms.at.term, s.list(terms.at)) {
				return
			}
		}
	}
}
