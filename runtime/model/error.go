package model

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// What went wrong with a model endpoint. Every error of a call is an *Error with one
// of these, or the cause of the context's end.
var (
	// ErrRefused: the endpoint does not accept the request; asking again does not help.
	ErrRefused = errors.New("the model endpoint refused the request")
	// ErrOverloaded: the endpoint has no room or failed; asking later may help.
	ErrOverloaded = errors.New("the model endpoint is overloaded")
	// ErrUnreachable: there is no connection to the endpoint, or it broke.
	ErrUnreachable = errors.New("the model endpoint can not be reached")
	// ErrMalformed: the answer is not what the API promises.
	ErrMalformed = errors.New("the model endpoint's answer can not be used")
	// ErrTooLarge: the request or the answer is larger than is allowed.
	ErrTooLarge = errors.New("too large for the model endpoint")
)

// Error is the failure of a call. Its text is for people and holds nothing that the
// endpoint said or was told.
type Error struct {
	Kind       error         // one of the errors above
	Status     int           // of the HTTP answer, zero: there was none
	RetryAfter time.Duration // what the endpoint asks for, zero: nothing
	advice     string
	cause      error // of package outgoing, or nil
}

func (e *Error) Error() string {
	text := e.Kind.Error()
	if e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	return text + ": " + e.advice
}

// Unwrap lets errors.Is find the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

func malformed(format string, args ...any) error {
	return &Error{Kind: ErrMalformed, advice: fmt.Sprintf(format, args...)}
}

func tooLarge(format string, args ...any) error {
	return &Error{Kind: ErrTooLarge, advice: fmt.Sprintf(format, args...)}
}

// codes are the endpoint's error codes that say more than its status, each in words
// of our own.
var codes = map[string]Error{
	"context_length_exceeded": {Kind: ErrTooLarge, advice: "the text is longer than the model reads: send less, or use a model with a longer context"},
	"insufficient_quota":      {Kind: ErrRefused, advice: "the key's quota at the endpoint is used up: raise it there"},
	"model_not_found":         {Kind: ErrRefused, advice: "it has no model of this name that the key may use: correct the name"},
	"invalid_api_key":         {Kind: ErrRefused, advice: "it does not accept the key: set a valid one"},
}

// statuses are what an answer's status says.
var statuses = map[int]Error{
	http.StatusUnauthorized:          {Kind: ErrRefused, advice: "it does not accept the key: set a valid one"},
	http.StatusForbidden:             {Kind: ErrRefused, advice: "the key may not use the model: set one that may"},
	http.StatusNotFound:              {Kind: ErrRefused, advice: "it has no such model or path: correct the model's name and the endpoint's URL"},
	http.StatusRequestEntityTooLarge: {Kind: ErrTooLarge, advice: "the text is longer than the endpoint takes: send less"},
	http.StatusTooManyRequests:       {Kind: ErrOverloaded, advice: "it allows no more requests for now: ask again later, or raise the limit there"},
}

// judge is the error of an answer that is no success.
func judge(status int, code string, retryAfter time.Duration) *Error {
	failure := Error{Kind: ErrRefused, advice: "the model and the endpoint do not fit the request: compare them with the endpoint's documentation"}
	switch known, ok := statuses[status]; {
	case ok:
		failure = known
	case status >= 500, status == http.StatusRequestTimeout:
		failure = Error{Kind: ErrOverloaded, advice: "it failed: ask again later"}
	case status < 400:
		failure.advice = "it redirects: set the URL that it redirects to"
	}
	if known, ok := codes[code]; ok {
		failure = known
	}
	failure.Status, failure.RetryAfter = status, retryAfter
	return &failure
}

// Outcome names what became of a call, for metrics.
func Outcome(err error) string {
	if err == nil {
		return "ok"
	}
	for name, kind := range map[string]error{
		"refused": ErrRefused, "overloaded": ErrOverloaded, "unreachable": ErrUnreachable,
		"malformed": ErrMalformed, "too_large": ErrTooLarge,
	} {
		if errors.Is(err, kind) {
			return name
		}
	}
	return "ended" // by us: the client left, lost its rights, or was not to wait any longer
}
