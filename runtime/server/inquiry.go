package server

import (
	"github.com/bulkhead-dev/bulkhead/runtime/answering"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
)

// inquiry is the question of a conversation on its way to an answer.
type inquiry struct {
	x        *exchange
	by       answering.Answerer
	question string
	req      corpus.Request
	tool     searchTool
	done     func() // is called at the end of the answer
}

// inquire begins the access for a question to one of the offered models, whose answer
// has at most limit words or tokens; zero: any number.
func (x *exchange) inquire(id, question string, limit int, tool searchTool) (inquiry, error) {
	req, err := x.beginSearch("", question, tool)
	if err != nil {
		return inquiry{}, err
	}
	by, done, err := x.answerer(answererOf[id], limit)
	if err != nil {
		return inquiry{}, err
	}
	return inquiry{x, by, question, req, tool, done}, nil
}

// finding is what is answered out of.
type finding struct {
	passages []corpus.Passage
	degraded []string // what the search had to do without
}

// find searches for what answers.
func (q inquiry) find() (finding, error) {
	passages, how, err := q.x.search(q.req, q.question, q.tool)
	return finding{passages, how.Degraded}, err
}

// answer has tell told each piece of the answer, with its annotations, as it comes.
func (q inquiry) answer(found finding, tell func(text string, cited []annotation) error) (*said, error) {
	s := &said{}
	var err error
	s.whole, err = q.x.say(q.req, q.by, q.question, found.passages, func(p answering.Piece) error { return tell(p.Text, s.add(p)) })
	if err == nil && s.text == "" {
		s.text = unanswered
		err = tell(unanswered, nil)
	}
	return s, err
}

// listen takes an answer's pieces that are told later, all together.
func (q inquiry) listen(string, []annotation) error { return q.x.entitled() }
