package model

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxEvent bounds a line of a stream and an event of several.
const maxEvent = 256 << 10 // bytes

// events reads the data of server-sent events.
type events struct {
	lines *bufio.Scanner
	heard func() // called for every line, comments that keep a connection alive included
}

func newEvents(from io.Reader, heard func()) *events {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxEvent)
	return &events{lines: lines, heard: heard}
}

// next returns the data of the next event, or io.EOF. Lines end in LF or CRLF. What
// the last lines hold counts even if the blank line after them is missing.
func (e *events) next() ([]byte, error) {
	var data []byte
	found := false
	for e.lines.Scan() {
		e.heard()
		line := e.lines.Bytes()
		if len(line) == 0 && found {
			return data, nil
		}
		value, ok := bytes.CutPrefix(line, []byte("data:"))
		if !ok {
			continue // a comment, or a field that no model API uses
		}
		if found {
			data = append(data, '\n')
		}
		found = true
		data = append(data, bytes.TrimPrefix(value, []byte(" "))...)
		if len(data) > maxEvent {
			return nil, errEvent
		}
	}
	switch err := e.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, errEvent
	case err != nil:
		return nil, failed(err)
	case found:
		return data, nil
	}
	return nil, io.EOF
}

var errEvent = tooLarge("an event of its stream has more than %d bytes", maxEvent)
