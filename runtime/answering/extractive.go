package answering

import (
	"context"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

// Extractive answers in the words of the documents, which are in a language: a line is
// a span of one.
type Extractive struct{ Language language.Language }

// Answer implements Answerer.
func (e Extractive) Answer(_ context.Context, question string, passages []corpus.Passage, say func(Piece) error) (Answer, error) {
	said := speech{say: say}
	for _, span := range corpus.Quote(e.Language, question, passages) {
		line := span.Text
		if said.text.Len() > 0 {
			line = "\n" + line
		}
		end := said.text.Len() + len(line)
		citation := Citation{Passage: span, Number: numberOf(span, passages), Start: end - len(span.Text), End: end}
		if err := said.pass(Piece{Text: line, Citations: []Citation{citation}}); err != nil {
			return Answer{}, err
		}
	}
	return Answer{Text: said.text.String(), Citations: said.citations, Finish: model.FinishStop}, nil
}

// numberOf is the number of the passage that a span is of.
func numberOf(span corpus.Passage, passages []corpus.Passage) int {
	for i, p := range passages {
		if p.Document == span.Document && p.Start <= span.Start && span.End <= p.End {
			return i + 1
		}
	}
	return 0 // a span is of one of them
}
