package server

import (
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
)

// responseStream sends a response as the events that OpenAI's clients know.
type responseStream struct {
	out      events
	asked    responding
	response response
	sent     int // events
}

// event is one of any type, with what its type has.
type event struct {
	Type           string `json:"type"`
	SequenceNumber int    `json:"sequence_number"`

	Response     *response   `json:"response,omitempty"`
	OutputIndex  *int        `json:"output_index,omitempty"`
	ContentIndex *int        `json:"content_index,omitempty"`
	ItemID       string      `json:"item_id,omitempty"`
	Item         any         `json:"item,omitempty"`
	Part         *outputText `json:"part,omitempty"`

	Delta           string      `json:"delta,omitempty"`
	Text            string      `json:"text,omitempty"`
	Logprobs        []struct{}  `json:"logprobs,omitzero"` // empty where there could be any
	Annotation      *annotation `json:"annotation,omitempty"`
	AnnotationIndex *int        `json:"annotation_index,omitempty"`
}

// streamResponse ends in response.completed, response.incomplete or response.failed.
func streamResponse(x *exchange, r responding, search func() (corpus.Answer, error)) error {
	s := &responseStream{out: x.events(), asked: r, response: r.begin(x)}
	err := s.run(search)
	if err != nil {
		failed := s.response.fail(err)
		_ = s.tell(event{Type: "response.failed", Response: &failed}) // the client may have left
	}
	return err
}

func (s *responseStream) run(search func() (corpus.Answer, error)) error {
	begun := s.response
	item := s.asked.newSearch(s.response.ID)
	events := []event{{Type: "response.created", Response: &begun}, {Type: "response.in_progress", Response: &begun}}
	if s.asked.search.asked {
		events = append(events,
			event{Type: "response.output_item.added", OutputIndex: new(int), Item: item},
			event{Type: "response.file_search_call.in_progress", OutputIndex: new(int), ItemID: item.ID},
			event{Type: "response.file_search_call.searching", OutputIndex: new(int), ItemID: item.ID},
		)
	}
	if err := s.send(events...); err != nil {
		return err
	}
	answer, err := search()
	if err != nil {
		return err
	}
	done := s.response.complete(s.asked, answer)
	if s.asked.search.asked {
		err = s.send(
			event{Type: "response.file_search_call.completed", OutputIndex: new(int), ItemID: item.ID},
			event{Type: "response.output_item.done", OutputIndex: new(int), Item: done.Output[0]},
		)
		if err != nil {
			return err
		}
	}
	if err := s.say(say(answer, s.asked.limit), len(done.Output)-1); err != nil {
		return err
	}
	return s.send(event{Type: "response." + done.Status, Response: &done})
}

// say sends the message, the item at index of the output.
func (s *responseStream) say(what said, index int) error {
	item := newOutputMessage(s.response.ID)
	whole := item.complete(what)
	empty, full := newOutputText(), whole.Content[0]
	in := event{OutputIndex: &index, ItemID: item.ID, ContentIndex: new(int)}
	events := []event{{Type: "response.output_item.added", OutputIndex: &index, Item: item}, in.part("added", &empty)}
	for i, piece := range what.pieces() {
		delta := in
		delta.Type, delta.Delta, delta.Logprobs = "response.output_text.delta", piece, empty.Logprobs
		events = append(events, delta)
		if i < len(what.annotations) {
			cited := in
			cited.Type, cited.Annotation, cited.AnnotationIndex = "response.output_text.annotation.added", &what.annotations[i], &i
			events = append(events, cited)
		}
	}
	done := in
	done.Type, done.Text, done.Logprobs = "response.output_text.done", full.Text, full.Logprobs
	return s.send(append(events, done, in.part("done", &full), event{Type: "response.output_item.done", OutputIndex: &index, Item: whole})...)
}

func (e event) part(what string, part *outputText) event {
	e.Type, e.Part = "response.content_part."+what, part
	return e
}

// send sends events, if the caller may still be told.
func (s *responseStream) send(events ...event) error {
	for _, e := range events {
		if err := s.out.x.entitled(); err != nil {
			return err
		}
		if err := s.tell(e); err != nil {
			return err
		}
	}
	return nil
}

// tell sends an event that holds nothing of the tenant's.
func (s *responseStream) tell(e event) error {
	e.SequenceNumber = s.sent
	s.sent++
	return s.out.tell(e.Type, e)
}
