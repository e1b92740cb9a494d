package server

import (
	"strings"
	"unicode/utf8"

	"github.com/bulkhead-dev/bulkhead/runtime/answering"
	modelapi "github.com/bulkhead-dev/bulkhead/runtime/model"
)

// annotation cites a span of a document, for a line or a mark of an answer.
type annotation struct {
	Type     string `json:"type"`
	Index    int    `json:"index"` // characters of the answer up to the end of the line or the mark
	FileID   string `json:"file_id"`
	Filename string `json:"filename"`
	Start    int    `json:"start"` // byte of the document's text
	End      int    `json:"end"`
}

// said is an answer in the shapes of OpenAI, as far as it has come.
type said struct {
	text        string
	annotations []annotation
	whole       answering.Answer // when it has ended
}

// unanswered is said when no document answers.
const unanswered = "The documents do not say."

// add takes a piece of the answer and returns the annotations in it.
func (s *said) add(p answering.Piece) []annotation {
	s.text += p.Text
	var cited []annotation
	for _, c := range p.Citations {
		cited = append(cited, annotation{
			"file_citation", utf8.RuneCountInString(s.text[:c.End]), fileID(c.Passage.Document), c.Passage.ExternalID,
			c.Passage.Start, c.Passage.End,
		})
	}
	s.annotations = append(s.annotations, cited...)
	return cited
}

// finish says why the answer ends, as a chat completion does.
func (s *said) finish() string {
	if finish, known := finishes[s.whole.Finish]; known {
		return finish
	}
	return finishes[modelapi.FinishStop]
}

// missing says why a response is incomplete; empty: it is not.
func (s *said) missing() string {
	switch s.whole.Finish {
	case modelapi.FinishLength:
		return "max_output_tokens"
	case modelapi.FinishFiltered:
		return "content_filter"
	}
	return ""
}

// usage counts what was asked and answered: tokens as the model's endpoint counted
// them, else words.
func (s *said) usage(question string) (asked, answered int) {
	if s.whole.PromptTokens > 0 {
		return int(s.whole.PromptTokens), int(s.whole.AnswerTokens)
	}
	return len(strings.Fields(question)), len(strings.Fields(s.text))
}
