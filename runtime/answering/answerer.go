package answering

import (
	"context"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

// Answerer answers questions.
type Answerer interface {
	// Answer calls say with each Piece of the answer, in order. An error of say ends
	// the answer and is returned; what was said before an error is not all of it.
	// Without passages there is no answer, and no error.
	Answer(ctx context.Context, question string, passages []corpus.Passage, say func(Piece) error) (Answer, error)
}

// Piece is a part of an answer, in whole characters, and what is cited in it.
type Piece struct {
	Text      string
	Citations []Citation
}

// Citation is what a place in an answer cites.
type Citation struct {
	Passage corpus.Passage // the span that is cited
	// Number counts the passages that were asked, from 1. A model's answer has it in a
	// mark, [1].
	Number     int
	Start, End int // in the answer, in bytes: of the mark, or else of what is cited
}

// Answer is a whole answer. Without a text there is none.
type Answer struct {
	Text      string
	Citations []Citation
	Finish    model.Finish
	// As the model's endpoint counted them; zero when there is none, or it does not count.
	PromptTokens, AnswerTokens int64
	// Removed is how many links, images, tags and wrong citations a model's answer was
	// freed of. Many are a sign that a document gave the model instructions.
	Removed int
}

// speech collects what is said.
type speech struct {
	say       func(Piece) error
	text      strings.Builder
	citations []Citation
}

func (s *speech) pass(p Piece) error {
	if p.Text == "" && len(p.Citations) == 0 {
		return nil
	}
	s.text.WriteString(p.Text)
	s.citations = append(s.citations, p.Citations...)
	return s.say(p)
}
