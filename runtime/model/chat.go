package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	chatTimeout = 5 * time.Minute
	// chatPatience is how long an endpoint that has no room is asked again, before who
	// reads the answer is told.
	chatPatience = 5 * time.Second
	// chatSilence is how long a stream may say nothing at all.
	chatSilence = time.Minute
	// costPatience is how long what an answer cost is waited for after its end.
	costPatience = 2 * time.Second
	// maxStream is the size of a whole stream: a token of an answer takes some 300
	// bytes of it.
	maxStream = 16 << 20 // bytes
	// MaxChatInput is the size in bytes of all messages together.
	MaxChatInput = 1 << 20
	// MaxChatTokens of an answer.
	MaxChatTokens = 16 << 10
	// bytesPerToken is a guess that holds for most languages; an answer may have so
	// many bytes for each token it was allowed.
	bytesPerToken = 8
)

// Role of who says a message.
type Role string

// The roles that are used.
const (
	System Role = "system"
	User   Role = "user"
)

// Message is one turn of a conversation.
type Message struct {
	Role    Role   `json:"role"`
	Content string `json:"content"`
}

// Finish is why an answer ended.
type Finish int

// How an answer ends.
const (
	FinishOther    Finish = iota // the endpoint does not say, or says something else
	FinishStop                   // it is complete
	FinishLength                 // it was cut at its most tokens
	FinishFiltered               // the endpoint withheld it
)

// Completion is how an answer ended and what it cost.
type Completion struct {
	Finish Finish
	// As the endpoint counted them; zero when it does not count.
	PromptTokens, AnswerTokens int64
}

// Chat answers conversations. It is safe for concurrent use.
type Chat struct {
	caller *caller
}

// NewChat makes a Chat that sends by doer. An error is one of e.
func NewChat(doer Doer, e Endpoint) (*Chat, error) {
	caller, err := newCaller(doer, e, "/chat/completions", chatTimeout)
	if err != nil {
		return nil, err
	}
	return &Chat{caller: caller}, nil
}

type chatQuestion struct {
	Model     string    `json:"model"`
	Messages  []Message `json:"messages"`
	MaxTokens int       `json:"max_completion_tokens"`
	Stream    bool      `json:"stream"`
	Options   struct {
		Usage bool `json:"include_usage"`
	} `json:"stream_options"`
}

// Answer asks the model and calls say with each piece of its answer, of at most
// maxTokens tokens, as it arrives. An error of say ends the call upstream and is
// returned, as does the end of ctx; other errors are those of the package. What was
// said before an error was not the whole answer.
func (c *Chat) Answer(ctx context.Context, messages []Message, maxTokens int, say func(piece string) error) (Completion, error) {
	if maxTokens < 1 || maxTokens > MaxChatTokens {
		return Completion{}, tooLarge("an answer can have from 1 to %d tokens, not %d", MaxChatTokens, maxTokens)
	}
	size := 0
	for _, m := range messages {
		size += len(m.Content)
	}
	if size > MaxChatInput {
		return Completion{}, tooLarge("the conversation has %d bytes, and at most %d can be sent", size, MaxChatInput)
	}
	ctx, silence, cancel := c.bound(ctx)
	defer cancel()
	question := chatQuestion{Model: c.caller.model, Messages: messages, MaxTokens: maxTokens, Stream: true}
	question.Options.Usage = true
	response, err := c.open(ctx, question)
	if err != nil {
		return Completion{}, err
	}
	defer response.Body.Close()
	if media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err != nil || media != "text/event-stream" {
		return Completion{}, malformed("it is no stream of events: check that the URL is of an OpenAI-compatible API that can stream")
	}
	answer := &stream{silence: silence, say: say, room: maxTokens * bytesPerToken}
	answer.events = newEvents(response.Body, answer.heard)
	return answer.read()
}

// bound ends the call when it takes too long or nothing is heard of it.
func (c *Chat) bound(ctx context.Context) (bounded context.Context, silence *time.Timer, cancel func()) {
	ctx, stop := context.WithTimeoutCause(ctx, chatTimeout, &Error{
		Kind: ErrUnreachable, advice: fmt.Sprintf("its answer was not complete after %s", chatTimeout),
	})
	ctx, give := context.WithCancelCause(ctx)
	silence = time.AfterFunc(chatTimeout, func() {
		give(&Error{Kind: ErrUnreachable, advice: fmt.Sprintf("it fell silent for %s", chatSilence)})
	})
	return ctx, silence, func() { silence.Stop(); give(nil); stop() }
}

// open asks until there is an answer to read, or for chatPatience.
func (c *Chat) open(ctx context.Context, question chatQuestion) (response *http.Response, err error) {
	patient, cancel := context.WithTimeout(ctx, chatPatience)
	defer cancel()
	err = c.caller.retry(patient, func() error {
		response, err = c.caller.post(ctx, question, maxStream) //nolint:bodyclose // whoever opens it closes it
		return err
	})
	return response, err
}

// stream is an answer as it arrives.
type stream struct {
	events   *events
	silence  *time.Timer // ends the call
	say      func(string) error
	room     int // bytes that the answer may still have
	finished bool
	result   Completion
}

type chatEvent struct {
	Choices []struct {
		Index int `json:"index"`
		Delta struct {
			Content string `json:"content"`
			Refusal string `json:"refusal"` // instead of content
		} `json:"delta"`
		Finish string `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		Prompt int64 `json:"prompt_tokens"`
		Answer int64 `json:"completion_tokens"`
	} `json:"usage"`
	Error json.RawMessage `json:"error"`
}

func (s *stream) heard() {
	if !s.finished {
		s.silence.Reset(chatSilence)
	}
}

// read follows the stream to its end.
func (s *stream) read() (Completion, error) {
	for {
		data, err := s.events.next()
		switch {
		case err != nil && s.finished: // the answer is whole; only its cost may be missing
			return s.result, nil
		case errors.Is(err, io.EOF):
			return Completion{}, &Error{Kind: ErrUnreachable, advice: "its answer broke off before its end: ask again"}
		case err != nil:
			return Completion{}, err
		case string(data) == "[DONE]":
			return s.result, nil
		}
		full, err := s.take(data)
		if err != nil {
			return Completion{}, err
		}
		if full {
			return Completion{Finish: FinishLength}, nil
		}
	}
}

// take passes on what one event says, and reports whether the answer has no more
// room: an endpoint may know no max_completion_tokens.
func (s *stream) take(data []byte) (full bool, err error) {
	var event chatEvent
	if json.Unmarshal(data, &event) != nil {
		return false, malformed("an event of its stream is not the JSON that the API promises")
	}
	if len(event.Error) > 0 && string(event.Error) != "null" {
		return false, &Error{Kind: ErrOverloaded, advice: "it failed in the middle of its answer: ask again later"}
	}
	if event.Usage != nil {
		s.result.PromptTokens, s.result.AnswerTokens = max(0, event.Usage.Prompt), max(0, event.Usage.Answer)
	}
	for _, choice := range event.Choices {
		if choice.Index != 0 || s.finished {
			continue // one answer was asked for
		}
		piece := choice.Delta.Content + choice.Delta.Refusal
		full = len(piece) > s.room
		piece = strings.ToValidUTF8(piece[:min(len(piece), s.room)], "") // no half of a character
		s.room -= len(piece)
		if piece != "" {
			if err := s.say(piece); err != nil {
				return false, err
			}
		}
		if choice.Finish != "" {
			s.finished, s.result.Finish = true, finishes[choice.Finish]
			s.silence.Reset(costPatience)
		}
	}
	return full, nil
}

// finishes are the API's finish reasons.
var finishes = map[string]Finish{
	"stop": FinishStop, "length": FinishLength, "content_filter": FinishFiltered,
}
