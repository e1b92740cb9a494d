package server

import (
	"mime"
	"net/http"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/answering"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	modelapi "github.com/bulkhead-dev/bulkhead/runtime/model"
)

// answerReply is a whole answer in a response.
type answerReply struct {
	Object    string     `json:"object"`
	Answer    string     `json:"answer"`
	Found     bool       `json:"found"`
	Citations []citation `json:"citations"`
	Answerer  string     `json:"answerer"`
	// Finish is "stop", "length" or "content_filter" of a model's answer.
	Finish string `json:"finish_reason,omitempty"`
	ranking
}

// citation is a passage that an answer cites, by the mark [number] if it has marks.
type citation struct {
	Number int `json:"number,omitempty"`
	passage
}

// The values of "answerer".
const (
	byModel    = "model"
	byDocument = "extractive"
)

var finishes = map[modelapi.Finish]string{
	modelapi.FinishStop: "stop", modelapi.FinishLength: "length", modelapi.FinishFiltered: "content_filter",
}

func answer(x *exchange) error {
	asked := struct {
		Query    string `json:"query"`
		Answerer string `json:"answerer"`
		Stream   *bool  `json:"stream"`
		selection
	}{}
	if err := decode(x, &asked); err != nil {
		return err
	}
	query, err := asked.query(asked.Query, evidence)
	if err != nil {
		return err
	}
	req, err := question(x, asked.Query)
	if err != nil {
		return err
	}
	by, done, err := x.answerer(asked.Answerer, 0)
	if err != nil {
		return err
	}
	defer done()
	found, how, err := x.find(req, query)
	if err != nil {
		return err
	}
	if asked.Stream == nil && accepts(x.r, eventStream) || asked.Stream != nil && *asked.Stream {
		return x.streamAnswer(req, by, asked.Query, found, how)
	}
	said, err := x.say(req, by, asked.Query, found, func(answering.Piece) error { return x.entitled() })
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, x.presentAnswer(by, said, how))
}

// streamAnswer tells the passages first, and then the answer as it comes to be. The
// last event is done or error.
func (x *exchange) streamAnswer(req corpus.Request, by answering.Answerer, query string, found []corpus.Passage, how ranking) error {
	out := x.events()
	err := x.tellAnswer(out, req, by, query, found, how)
	if err != nil {
		_ = out.tell("error", x.problem(err).body(nil)) // the client may have left
	}
	return err
}

func (x *exchange) tellAnswer(out events, req corpus.Request, by answering.Answerer, query string, found []corpus.Passage, how ranking) error {
	err := out.send("passages", struct {
		Passages []citation `json:"passages"`
	}{x.number(found)})
	if err != nil {
		return err
	}
	said, err := x.say(req, by, query, found, func(p answering.Piece) error {
		return out.send("delta", struct {
			Text string `json:"text"`
		}{p.Text})
	})
	if err != nil {
		return err
	}
	return out.send("done", x.presentAnswer(by, said, how))
}

// answerer is who answers: the tenant's model if it has one, unless another is asked
// for. The answer has at most limit words of the documents, or tokens of the model;
// zero: any number. done is called at the end of the answer.
func (x *exchange) answerer(name string, limit int) (by answering.Answerer, done func(), err error) {
	models := x.caller.Tenant.Models
	switch {
	case name == byDocument, name == "" && models.Chat == nil:
		return answering.Extractive{Language: x.caller.Tenant.Language, Limit: limit}, func() {}, nil
	case name != "" && name != byModel:
		return nil, nil, wrong("answerer", "invalid_answerer", "answerer must be %q or %q.", byModel, byDocument)
	case models.Chat == nil:
		return nil, nil, wrong("answerer", "no_model", "The tenant has no chat model: leave answerer out, or ask your operator for a model.")
	}
	done, err = x.server.Limits.Answer(x.caller.Tenant)
	return answering.Chat{Model: models.Chat, ContextTokens: models.ContextTokens, Limit: limit}, done, err
}

// say has a question answered for as long as the client listens, and what is answered out
// of is there: a model bounds its time itself. Errors: corpus.ErrChanged.
func (x *exchange) say(req corpus.Request, by answering.Answerer, query string, found []corpus.Passage, say func(answering.Piece) error) (answering.Answer, error) {
	if _, slow := by.(answering.Chat); !slow {
		return by.Answer(x.client, query, found, say)
	}
	told := sources{x: x, req: req, passages: found}
	said, err := by.Answer(x.client, query, found, told.before(say))
	x.server.Metrics.asked("chat", err)
	if said.Removed > 0 {
		x.server.Log.Warn("a model's answer was sanitised", "request", x.id, "tenant", x.tenantID(), "removed", said.Removed)
	}
	if err == nil {
		err = told.confirm()
	}
	return said, err
}

// number presents passages under the numbers by which an answer cites them. They have
// no score, which says nothing of an answer.
func (x *exchange) number(found []corpus.Passage) []citation {
	all := make([]citation, len(found))
	for i, p := range x.presentPassages(found) {
		p.Score = 0
		all[i] = citation{Number: i + 1, passage: p}
	}
	return all
}

// presentAnswer has each passage once that a model cites, in the order of their marks,
// and every span that an extractive answer is made of.
func (x *exchange) presentAnswer(by answering.Answerer, said answering.Answer, how ranking) answerReply {
	reply := answerReply{
		Object: "answer", Answer: said.Text, Found: len(said.Citations) > 0, Citations: []citation{},
		Answerer: byDocument, ranking: how,
	}
	_, marks := by.(answering.Chat)
	if marks {
		reply.Answerer, reply.Finish = byModel, finishes[said.Finish]
	}
	seen := map[int]bool{}
	for _, c := range said.Citations {
		if marks && seen[c.Number] {
			continue
		}
		seen[c.Number] = true
		shown := citation{passage: x.presentPassages([]corpus.Passage{c.Passage})[0]}
		shown.Score = 0 // of the passage around it, not of what is cited
		if marks {
			shown.Number = c.Number
		}
		reply.Citations = append(reply.Citations, shown)
	}
	return reply
}

// accepts reports whether the client names a media type that it accepts.
func accepts(r *http.Request, media string) bool {
	for accepted := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		if name, _, err := mime.ParseMediaType(accepted); err == nil && name == media {
			return true
		}
	}
	return false
}
