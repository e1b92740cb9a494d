package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/bulkhead-dev/bulkhead/runtime/guard"
)

const eventStream = "text/event-stream"

// stream is a response as server-sent events. What tells a client that it has all of
// it is its last event, "done" or "error".
type stream struct{ x *exchange }

func (x *exchange) stream() *stream { return &stream{x} }

// emit sends an event at once, if the caller may still be told.
func (s *stream) emit(event string, data any) error {
	if err := s.x.entitled(); err != nil {
		return err
	}
	return s.write(event, data)
}

func (s *stream) write(event string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if !s.x.begun {
		h := s.x.w.Header()
		h.Set("Content-Type", eventStream)
		h.Set("X-Accel-Buffering", "no") // or a proxy may keep the answer until it is whole
		s.x.header(http.StatusOK)
	}
	if err := s.x.send(fmt.Appendf(nil, "event: %s\ndata: %s\n\n", event, text)); err != nil {
		return err
	}
	if err := s.x.control.Flush(); err != nil {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return nil
}

// fail ends a stream that has begun with an event that says why, and returns err.
func (s *stream) fail(err error) error {
	if s.x.begun && !errors.Is(err, errGone) && s.x.client.Err() == nil {
		if gone := s.write("error", problemOf(err).body(parameterOf(err))); gone != nil {
			return gone
		}
	}
	return err
}

// entitled reports why the caller may be told nothing more: while an answer is
// streamed its API key may be withdrawn, its tenant contained, or the tenant's key revoked.
func (x *exchange) entitled() error {
	if err := x.authenticate(); err != nil {
		return err
	}
	if err := guard.Contain(x.caller.Tenant, x.route.Class == Change); err != nil {
		return err
	}
	return x.caller.Tenant.Keys.Check()
}
