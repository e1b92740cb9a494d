package server

import (
	"encoding/json"
	"net/http"
)

const eventStream = "text/event-stream"

// events is a response of server-sent events.
type events struct{ x *exchange }

// events begins the response.
func (x *exchange) events() events {
	x.w.Header().Set("Content-Type", eventStream)
	x.w.Header().Set("X-Accel-Buffering", "no") // or a proxy may keep the answer until it is whole
	x.header(http.StatusOK)
	return events{x}
}

// send writes an event, if the caller may still be told, and lets it go.
func (e events) send(name string, data any) error {
	if err := e.x.entitled(); err != nil {
		return err
	}
	return e.tell(name, data)
}

// tell sends what holds nothing of the tenant's.
func (e events) tell(name string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return e.write(name, text)
}

func (e events) write(name string, data []byte) error {
	var event []byte
	if name != "" {
		event = append(append(append(event, "event: "...), name...), '\n')
	}
	event = append(append(append(event, "data: "...), data...), "\n\n"...)
	if err := e.x.send(event); err != nil {
		return err
	}
	return e.x.control.Flush()
}
