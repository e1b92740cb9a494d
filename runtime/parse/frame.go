package parse

import (
	"bytes"
	"io"
)

// A frame is what a child writes: a line with the reason, which is empty when there
// is a text, a line with the title, and the text.

func writeFrame(w io.Writer, o outcome) error {
	frame := make([]byte, 0, len(o.text.Body)+maxTitle+64)
	frame = append(append(frame, o.reason...), '\n')
	frame = append(append(frame, cleanLine(o.text.Title, maxTitle)...), '\n')
	_, err := w.Write(append(frame, o.text.Body...))
	return err
}

// readFrame reads what a child wrote, which is anything at all.
func readFrame(frame []byte) (Text, error) {
	reason, rest, ok := bytes.Cut(frame, []byte("\n"))
	title, body, ok2 := bytes.Cut(rest, []byte("\n"))
	if !ok || !ok2 {
		return Text{}, because(Malformed)
	}
	if len(reason) > 0 {
		if _, known := advice[Reason(reason)]; !known {
			return Text{}, because(Malformed)
		}
		return Text{}, because(Reason(reason))
	}
	return Text{Title: string(title), Body: string(body)}, nil
}
