package server

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
func streamResponse(q inquiry, r responding) error {
	s := &responseStream{out: q.x.events(), asked: r, response: r.begin(q.x)}
	err := s.run(q)
	if err != nil {
		failed := s.response.fail(q.x.problem(err))
		_ = s.tell(event{Type: "response.failed", Response: &failed}) // the client may have left
	}
	return err
}

func (s *responseStream) run(q inquiry) error {
	begun := s.response
	if err := s.send(event{Type: "response.created", Response: &begun}, event{Type: "response.in_progress", Response: &begun}); err != nil {
		return err
	}
	found, err := s.search(q)
	if err != nil {
		return err
	}
	what, err := s.say(q, found)
	if err != nil {
		return err
	}
	done := s.response.complete(s.asked, found, what)
	return s.send(event{Type: "response." + done.Status, Response: &done})
}

// search sends the search, if it is asked for: the first item of the output.
func (s *responseStream) search(q inquiry) (finding, error) {
	if !s.asked.search.asked {
		return q.find()
	}
	item := s.asked.newSearch(s.response.ID)
	in := event{OutputIndex: new(int), ItemID: item.ID}
	err := s.send(
		event{Type: "response.output_item.added", OutputIndex: new(int), Item: item},
		in.of("response.file_search_call.in_progress"), in.of("response.file_search_call.searching"),
	)
	if err != nil {
		return finding{}, err
	}
	found, err := q.find()
	if err != nil {
		return finding{}, err
	}
	return found, s.send(
		in.of("response.file_search_call.completed"),
		event{Type: "response.output_item.done", OutputIndex: new(int), Item: s.asked.searched(s.response.ID, found.passages)},
	)
}

// say sends the message, the last item of the output, as it comes.
func (s *responseStream) say(q inquiry, found finding) (*said, error) {
	index := 0
	if s.asked.search.asked {
		index = 1
	}
	item, empty := newOutputMessage(s.response.ID), newOutputText()
	in := event{OutputIndex: &index, ItemID: item.ID, ContentIndex: new(int)}
	err := s.send(event{Type: "response.output_item.added", OutputIndex: &index, Item: item}, in.part("added", &empty))
	if err != nil {
		return nil, err
	}
	cited := 0
	what, err := q.answer(found, func(text string, annotations []annotation) error {
		delta := in.of("response.output_text.delta")
		delta.Delta, delta.Logprobs = text, empty.Logprobs
		events := []event{delta}
		for i := range annotations {
			events = append(events, in.cites(&annotations[i], cited))
			cited++
		}
		return s.send(events...)
	})
	if err != nil {
		return nil, err
	}
	whole := item.complete(what)
	full, done := whole.Content[0], in.of("response.output_text.done")
	done.Text, done.Logprobs = full.Text, full.Logprobs
	return what, s.send(done, in.part("done", &full), event{Type: "response.output_item.done", OutputIndex: &index, Item: whole})
}

func (e event) of(kind string) event {
	e.Type = kind
	return e
}

func (e event) cites(a *annotation, index int) event {
	e.Type, e.Annotation, e.AnnotationIndex = "response.output_text.annotation.added", a, &index
	return e
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
