package tenants

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// begin takes note of the Bindings that were there at start.
func (s *Set) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = map[uuid.UUID]bool{}
	for id := range s.entries {
		if !s.Acks.Has(id) {
			s.pending[id] = true
		}
	}
	s.Acks.Wake() // also when there is no Binding
}

func (s *Set) tended(id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, id)
}

// Ready returns nil once every Binding that was there at start was brought into
// effect and acknowledged, and ever after; before that, what is missing.
func (s *Set) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ready:
	case s.pending == nil:
		return errors.New("the list of Bindings is not there yet")
	case len(s.pending) > 0:
		return fmt.Errorf("%d Bindings are not in effect yet", len(s.pending))
	case !s.Acks.Current():
		return errors.New("the acknowledgement is not written yet")
	}
	s.ready = true
	return nil
}
