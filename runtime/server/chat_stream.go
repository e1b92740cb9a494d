package server

// streamChat sends a completion in chunks. The last event is [DONE], behind an error
// if the stream had to end.
func streamChat(x *exchange, c chat, chunk completion, s said) error {
	chunk.Object = "chat.completion.chunk"
	out := x.events()
	err := chunk.stream(out, c, s)
	if err != nil {
		_ = out.tell("", problemOf(err).body(nil)) // the client may have left
	}
	_ = out.write("", []byte("[DONE]"))
	return err
}

func (c completion) stream(out events, asked chat, s said) error {
	nothing := ""
	deltas := []choice{{Delta: &message{Role: "assistant", Content: &nothing}}}
	for _, piece := range s.pieces() {
		deltas = append(deltas, choice{Delta: &message{Content: &piece}})
	}
	deltas = append(deltas, choice{Delta: &message{Annotations: s.annotations}, FinishReason: s.finish()})
	for _, delta := range deltas {
		c.Choices = []choice{delta}
		if err := out.send("", c); err != nil {
			return err
		}
	}
	if !asked.usageInStream {
		return nil
	}
	c.Choices, c.Usage = []choice{}, chatUsageOf(asked.question, s)
	return out.send("", c)
}
