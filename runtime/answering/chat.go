package answering

import (
	"context"
	"crypto/rand"

	"github.com/bulkhead-dev/bulkhead/runtime/answer"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

const (
	defaultContext = 8192 // tokens
	// maxAnswer is how many tokens of the context are the answer's.
	maxAnswer = 1024
	// maxPrompt in tokens; a prompt has four bytes for each.
	maxPrompt = model.MaxChatInput / 4
)

// Chat answers in the words of a model, which are freed of what a document may have
// made it say.
type Chat struct {
	Model *model.Chat
	// ContextTokens of the model; zero: 8192.
	ContextTokens int
	// Limit is the most tokens of an answer; zero, and more than 1024: 1024.
	Limit int
}

// Answer implements Answerer. Errors: those of package model, answer.ErrBudget.
func (c Chat) Answer(ctx context.Context, question string, passages []corpus.Passage, say func(Piece) error) (Answer, error) {
	if len(passages) == 0 {
		return Answer{}, nil
	}
	sources := make([]answer.Source, len(passages))
	for i, p := range passages {
		sources[i] = answer.Source{Title: p.Title, Text: p.Text}
	}
	prompt, err := answer.NewPrompt(rand.Reader, question, sources, c.budget())
	if err != nil {
		return Answer{}, err
	}
	if prompt.Sources == 0 {
		return Answer{}, answer.ErrBudget
	}
	filter := answer.NewFilter(sources[:prompt.Sources])
	said, pieceOf := speech{say: say}, citing(passages)
	messages := []model.Message{{Role: model.System, Content: prompt.System}, {Role: model.User, Content: prompt.User}}
	ended, err := c.Model.Answer(ctx, messages, c.limit(), func(piece string) error {
		return said.pass(pieceOf(filter.Write(piece)))
	})
	if err == nil {
		err = said.pass(pieceOf(filter.Close()))
	}
	things, citations := filter.Removed()
	return Answer{
		Text: said.text.String(), Citations: said.citations, Finish: ended.Finish,
		PromptTokens: ended.PromptTokens, AnswerTokens: ended.AnswerTokens, Removed: things + citations,
	}, err
}

// budget is how many tokens a prompt can have.
func (c Chat) budget() int {
	tokens := c.ContextTokens
	if tokens == 0 {
		tokens = defaultContext
	}
	return min(tokens-maxAnswer, maxPrompt)
}

// limit is how many tokens an answer can have.
func (c Chat) limit() int {
	if c.Limit == 0 {
		return maxAnswer
	}
	return min(c.Limit, maxAnswer)
}

// citing makes a Piece of a text and its marks, which cite passages.
func citing(passages []corpus.Passage) func(text string, marks []answer.Citation) Piece {
	return func(text string, marks []answer.Citation) Piece {
		citations := make([]Citation, len(marks))
		for i, m := range marks {
			citations[i] = Citation{Passage: passages[m.Source], Number: m.Source + 1, Start: m.Start, End: m.End}
		}
		return Piece{Text: text, Citations: citations}
	}
}
