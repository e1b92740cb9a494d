package answering

import (
	"context"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

// Extractive answers in the words of the documents: a line is a span of one.
type Extractive struct{}

// Answer implements Answerer.
func (Extractive) Answer(_ context.Context, question string, passages []corpus.Passage, say func(Piece) error) (Answer, error) {
	asked := make([]engine.Passage, len(passages))
	for i, p := range passages {
		asked[i] = engine.Passage{Document: p.Document, Heading: p.Heading, Start: p.Start, Text: p.Text, Score: p.Score}
	}
	said := speech{say: say}
	for _, cited := range engine.Extract(language.English, question, asked).Citations {
		number, span := spanOf(cited, passages)
		line := span.Text
		if said.text.Len() > 0 {
			line = "\n" + line
		}
		end := said.text.Len() + len(line)
		citation := Citation{Passage: span, Number: number, Start: end - len(span.Text), End: end}
		if err := said.pass(Piece{Text: line, Citations: []Citation{citation}}); err != nil {
			return Answer{}, err
		}
	}
	return Answer{Text: said.text.String(), Citations: said.citations, Finish: model.FinishStop}, nil
}

// spanOf cuts what is cited out of its passage.
func spanOf(cited engine.Citation, passages []corpus.Passage) (number int, span corpus.Passage) {
	for i, p := range passages {
		if p.Document == cited.Document && p.Start <= cited.Start && cited.End <= p.End {
			p.Text = p.Text[cited.Start-p.Start : cited.End-p.Start]
			p.Start, p.End = cited.Start, cited.End
			return i + 1, p
		}
	}
	return 0, corpus.Passage{} // every citation is of a passage
}
