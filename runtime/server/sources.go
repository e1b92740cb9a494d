package server

import (
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/answering"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
)

// sources are what a model answers out of, in its own words and in its own time.
type sources struct {
	x         *exchange
	req       corpus.Request
	passages  []corpus.Passage
	confirmed time.Time // when all of it was last known to be there
}

// confirm asks whether all of it is there still. An answer is the model's out of any of
// it, so that none is told further when some is gone. Errors: corpus.ErrChanged.
func (s *sources) confirm() error {
	still, err := s.x.server.Corpus.Still(s.x.client, s.req, s.passages)
	if err != nil {
		return err
	}
	if len(still) < len(s.passages) {
		return corpus.ErrChanged
	}
	s.confirmed = time.Now()
	return nil
}

// before has say told what all sources are there for: at the beginning, and as often as
// the caller's key is confirmed.
func (s *sources) before(say func(answering.Piece) error) func(answering.Piece) error {
	return func(p answering.Piece) error {
		if time.Since(s.confirmed) > confirmInterval {
			if err := s.confirm(); err != nil {
				return err
			}
		}
		return say(p)
	}
}
