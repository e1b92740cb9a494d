package engine

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

// Passage is a piece of a document's text that a search found.
type Passage struct {
	Document uuid.UUID
	Start    int // of Text in the document's text
	Text     string
	Score    float64
	// Heading is what the passage stands under: its document's title, its chunk's
	// headings, or both. It helps to tell what the text is about and is never cited.
	Heading string
}

// Answer is what the passages say to a question, in their own words: the cited
// spans, a line each. An answer without text says that they do not say.
type Answer struct {
	Text      string
	Citations []Citation
}

// Citation is the span of a document that a line of an answer is.
type Citation struct {
	Document   uuid.UUID
	Start, End int
}

const (
	// maxSentences of an answer, and how good each must be beside the best.
	maxSentences = 3
	nearBest     = 0.7
	// heardWeight is what a word of the question counts that is not in a sentence
	// but in what introduces it.
	heardWeight = 0.5
	// passageWeight is the share of the passage's rank in a sentence's score.
	passageWeight = 0.3
	// askedPerFound is of how many of the question's words a sentence must have one,
	// itself or in what introduces it. One word is enough for a short question; of a
	// long one some word is likely to be found anywhere.
	askedPerFound = 3
)

// Extract answers query with one to three sentences of passages: those that cover
// most of the question's content words, rare ones counting more, in passages of
// high score. All of it is read as l.
func Extract(l language.Language, query string, passages []Passage) Answer {
	asked := newQuestion(l, query)
	statements := asked.read(passages)
	asked.weigh(statements)
	best := 0.0
	for i := range passages {
		best = max(best, passages[i].Score)
	}
	for i := range statements {
		statements[i].score = asked.coverage(&statements[i])
		if best > 0 {
			statements[i].score += passageWeight * statements[i].passage.Score / best
		}
	}
	slices.SortFunc(statements, compareStatements)
	return compose(statements)
}

// compareStatements orders statements from best to worst.
func compareStatements(a, b statement) int {
	return cmp.Or(
		cmp.Compare(b.score, a.score),
		bytes.Compare(a.passage.Document[:], b.passage.Document[:]),
		cmp.Compare(a.passage.Start+a.at.start, b.passage.Start+b.at.start),
		cmp.Compare(a.at.len(), b.at.len()),
	)
}

// compose makes an answer of the best statements, given in order.
func compose(statements []statement) Answer {
	var answer Answer
	var lines []string
	for _, s := range statements {
		if len(lines) == maxSentences || s.score < nearBest*statements[0].score {
			break
		}
		citation := s.citation()
		repeats := slices.ContainsFunc(answer.Citations, citation.overlaps)
		if line := s.at.of(s.passage.Text); !repeats && !slices.Contains(lines, line) {
			lines = append(lines, line)
			answer.Citations = append(answer.Citations, citation)
		}
	}
	answer.Text = strings.Join(lines, "\n")
	return answer
}

func (c Citation) overlaps(other Citation) bool {
	return c.Document == other.Document && c.Start < other.End && other.Start < c.End
}
