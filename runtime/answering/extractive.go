package answering

import (
	"context"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

// Extractive answers in the words of the documents, which are in a language: a line is
// a span of one.
type Extractive struct {
	Language language.Language
	// Limit is the most words of an answer; zero: any number.
	Limit int
}

// Answer implements Answerer.
func (e Extractive) Answer(_ context.Context, question string, passages []corpus.Passage, say func(Piece) error) (Answer, error) {
	said, finish := speech{say: say}, model.FinishStop
	for _, span := range corpus.Quote(e.Language, question, passages) {
		whole := span.Text
		if e.Limit > 0 {
			span = begin(span, e.Limit-len(strings.Fields(said.text.String())))
		}
		if err := said.pass(lineOf(span, passages, said.text.Len())); err != nil {
			return Answer{}, err
		}
		if len(span.Text) < len(whole) {
			finish = model.FinishLength
			break
		}
	}
	return Answer{Text: said.text.String(), Citations: said.citations, Finish: finish}, nil
}

// lineOf makes the line that a span of a passage is, behind so many bytes of the answer.
func lineOf(span corpus.Passage, passages []corpus.Passage, at int) Piece {
	if span.Text == "" {
		return Piece{} // no word of it is left
	}
	line := span.Text
	if at > 0 {
		line = "\n" + line
	}
	end := at + len(line)
	return Piece{Text: line, Citations: []Citation{{Passage: span, Number: numberOf(span, passages), Start: end - len(span.Text), End: end}}}
}

// begin is the part of a span that has its first n words.
func begin(span corpus.Passage, n int) corpus.Passage {
	span.Text = words(span.Text, n)
	span.End = span.Start + len(span.Text)
	return span
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

// words cuts a text after at most n words.
func words(text string, n int) string {
	end := 0
	for range n {
		rest := strings.TrimLeft(text[end:], " \t\r\n")
		word := strings.IndexAny(rest, " \t\r\n")
		if word < 0 {
			return text
		}
		end = len(text) - len(rest) + word
	}
	return text[:end]
}
