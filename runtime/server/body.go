package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/guard"
)

const maxJSON = 64 << 10 // bytes

// decode reads a JSON body strictly.
func decode(x *exchange, into any) error {
	data, err := jsonBody(x, maxJSON)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return explain(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return badRequest("invalid_json", "Send one JSON object and nothing after it.")
	}
	return nil
}

func jsonBody(x *exchange, limit int64) ([]byte, error) {
	if media, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, unsupported("Send the body as 'Content-Type: application/json'.")
	}
	return body(x, limit, "body_too_large", nil)
}

// explain tells what is wrong with JSON without quoting its values.
func explain(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch field, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); {
	case unknown:
		return badRequest("unknown_field", "The field %s is unknown: leave it out or correct its name.", field)
	case errors.As(err, &kind) && kind.Field == "":
		return badRequest("invalid_type", "The body must be %s.", typeName(kind.Type))
	case errors.As(err, &kind):
		name := kind.Field[strings.LastIndex(kind.Field, ".")+1:] // behind that of an embedded struct
		return wrong(name, "invalid_type", "%s must be %s.", name, typeName(kind.Type))
	case errors.As(err, &syntax):
		return badRequest("invalid_json", "The body is not valid JSON at byte %d: correct it.", syntax.Offset)
	}
	return badRequest("invalid_json", "The body is not a complete JSON object: correct it.")
}

// body reads at most limit bytes and tells receive, if any, of what arrives. The
// time for the work begins after it.
func body(x *exchange, limit int64, code string, receive func(n int) error) ([]byte, error) {
	return consume(x, limit, code, receive, io.ReadAll)
}

// consume is body for what read makes of it. All of the body is received, also what comes
// behind the end that read found: else the response would wait for it without a deadline.
func consume[T any](x *exchange, limit int64, code string, receive func(n int) error, read func(io.Reader) (T, error)) (made T, err error) {
	if x.r.ContentLength > limit {
		return made, tooLarge(code, limit)
	}
	in := &pacedBody{ReadCloser: x.r.Body, pace: x.newPace(), control: x.control, client: x.client, receive: receive}
	defer context.AfterFunc(x.client, in.wake)()
	whole := http.MaxBytesReader(x.w, in, limit)
	if made, err = read(whole); err == nil {
		_, err = io.Copy(io.Discard, whole)
	}
	var over *http.MaxBytesError
	var found problem
	switch {
	case err != nil && errors.Is(context.Cause(x.client), errLeaving):
		return made, errLeaving
	case errors.As(err, &over):
		return made, tooLarge(code, limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return made, errSlow
	case errors.Is(err, guard.ErrIngests), errors.Is(err, guard.ErrLoad), errors.As(err, &found):
		return made, err
	case err != nil:
		return made, badRequest("incomplete_body", "The body ended early: send it again.")
	}
	x.startWork()
	return made, x.listen()
}

var errSlow = problem{
	http.StatusRequestTimeout, invalid, "body_too_slow",
	fmt.Sprintf("The body arrived too slowly: send at least %d bytes a second.", minPace), 0,
}

func unsupported(message string) problem {
	return problem{http.StatusUnsupportedMediaType, invalid, "unsupported_media_type", message, 0}
}
