package server

// streamChat sends a completion in chunks. The last event is [DONE], behind an error
// if the stream had to end.
func streamChat(q inquiry, c chat, chunk completion, found finding) error {
	chunk.Object = "chat.completion.chunk"
	out := q.x.events()
	err := chunk.stream(out, q, c, found)
	if err != nil {
		_ = out.tell("", q.x.problem(err).body(nil)) // the client may have left
	}
	_ = out.write("", []byte("[DONE]"))
	return err
}

func (c completion) stream(out events, q inquiry, asked chat, found finding) error {
	send := func(delta choice) error {
		c.Choices = []choice{delta}
		return out.send("", c)
	}
	nothing := ""
	if err := send(choice{Delta: &message{Role: "assistant", Content: &nothing}}); err != nil {
		return err
	}
	s, err := q.answer(found, func(text string, _ []annotation) error { return send(choice{Delta: &message{Content: &text}}) })
	if err != nil {
		return err
	}
	finish := s.finish()
	if err := send(choice{Delta: &message{Annotations: s.annotations}, FinishReason: &finish}); err != nil || !asked.usageInStream {
		return err
	}
	c.Choices, c.Usage = []choice{}, chatUsageOf(asked.question, s)
	return out.send("", c)
}
