package model_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

func chat(t *testing.T, answer http.HandlerFunc) *model.Chat {
	t.Helper()
	client, endpoint := serve(t, answer)
	c, err := model.NewChat(client, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// streaming answers every question with the same bytes.
func streaming(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		_, _ = io.WriteString(w, body)
	}
}

func piece(text string) string {
	return fmt.Sprintf("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", text)
}

func finish(reason string) string {
	return fmt.Sprintf("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":null},\"finish_reason\":%q}]}\n\n", reason)
}

const (
	usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n"
	done  = "data: [DONE]\n\n"
)

func ask(ctx context.Context, c *model.Chat, tokens int) (string, model.Completion, error) {
	var text strings.Builder
	result, err := c.Answer(ctx, []model.Message{{Role: model.System, Content: "s"}, {Role: model.User, Content: "u"}}, tokens,
		func(piece string) error { text.WriteString(piece); return nil })
	return text.String(), result, err
}

func TestChatAsks(t *testing.T) {
	c := chat(t, func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Model     string          `json:"model"`
			Messages  []model.Message `json:"messages"`
			MaxTokens int             `json:"max_completion_tokens"`
			Stream    bool            `json:"stream"`
		}
		read(t, r, "/v1/chat/completions", &asked)
		if asked.Model != "m" || len(asked.Messages) != 2 || asked.Messages[0].Role != "system" || asked.Messages[1].Content != "u" || asked.MaxTokens != 50 || !asked.Stream {
			t.Errorf("asked %+v", asked)
		}
		streaming(piece("Grüße")+finish("stop")+usage+done)(w, r)
	})
	text, result, err := ask(t.Context(), c, 50)
	if want := (model.Completion{Finish: model.FinishStop, PromptTokens: 7, AnswerTokens: 2}); text != "Grüße" || result != want || err != nil {
		t.Errorf("%q %+v %v", text, result, err)
	}
}

func TestStreams(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		text   string
		finish model.Finish
	}{
		"comments and fields":  {": alive\n\nevent: x\nid: 3\nretry: 9\n" + piece("a") + finish("stop") + done, "a", model.FinishStop},
		"CRLF":                 {strings.ReplaceAll(piece("a")+piece("b")+finish("length")+done, "\n", "\r\n"), "ab", model.FinishLength},
		"no blank":             {strings.ReplaceAll(piece("a")+finish("stop")+done, "data: ", "data:"), "a", model.FinishStop},
		"lines":                {"data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"a\"}}]}\n\n" + finish("content_filter"), "a", model.FinishFiltered},
		"no DONE":              {piece("a") + finish("stop"), "a", model.FinishStop},
		"no finish":            {piece("a") + done, "a", model.FinishOther},
		"no last blank line":   {piece("a") + strings.TrimSuffix(done, "\n\n"), "a", model.FinishOther},
		"finish with text":     {"data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"tool_calls\"}]}\n\n", "a", model.FinishOther},
		"other choices":        {"data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"}}]}\n\n" + piece("a") + done, "a", model.FinishOther},
		"refusal":              {"data: {\"choices\":[{\"delta\":{\"refusal\":\"No.\"}}]}\n\n" + finish("stop") + done, "No.", model.FinishStop},
		"nothing after DONE":   {piece("a") + finish("stop") + done + piece("b"), "a", model.FinishStop},
		"nothing after finish": {piece("a") + finish("stop") + piece("b") + done, "a", model.FinishStop},
		"no error":             {"data: {\"error\":null,\"choices\":[]}\n\n" + done, "", model.FinishOther},
	} {
		text, result, err := ask(t.Context(), chat(t, streaming(c.body)), 50)
		if text != c.text || result.Finish != c.finish || err != nil {
			t.Errorf("%s: %q %+v %v", name, text, result, err)
		}
	}
}

func TestBrokenStreams(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		kind error
		says string
	}{
		"empty":     {"", model.ErrUnreachable, "broke off"},
		"cut":       {piece("a"), model.ErrUnreachable, "broke off"},
		"cut event": {piece("a") + "data: {\"choi", model.ErrMalformed, "not the JSON"},
		"not JSON":  {"data: hunter2\n\n" + done, model.ErrMalformed, "not the JSON"},
		"error":     {piece("a") + "data: {\"error\":{\"message\":\"hunter2\"}}\n\n" + done, model.ErrOverloaded, "in the middle"},
		"long line": {"data: \"" + strings.Repeat("x", 300<<10), model.ErrTooLarge, "event"},
		"long event": {
			strings.Repeat("data: "+strings.Repeat("x", 1<<10)+"\n", 300), model.ErrTooLarge, "event",
		},
		"endless": {strings.Repeat(": "+strings.Repeat("x", 1<<10)+"\n", 17<<10), model.ErrTooLarge, "more bytes"},
	} {
		_, _, err := ask(t.Context(), chat(t, streaming(c.body)), 50)
		fails(t, name, err, c.kind, c.says)
	}
}

func TestAnswerThatDoesNotStream(t *testing.T) {
	_, _, err := ask(t.Context(), chat(t, func(w http.ResponseWriter, _ *http.Request) { write(t, w, map[string]any{"choices": nil}) }), 50)
	fails(t, "JSON", err, model.ErrMalformed, "can stream")
}

// TestAnswerIsBounded has an endpoint that knows no bound of tokens.
func TestAnswerIsBounded(t *testing.T) {
	left := make(chan struct{})
	c := chat(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			streaming(piece("äöü"))(w, r)
			_ = http.NewResponseController(w).Flush()
		}
		close(left)
	})
	text, result, err := ask(t.Context(), c, 2)
	if text != "äöüäöüäö" || result.Finish != model.FinishLength || err != nil {
		t.Errorf("%q %+v %v", text, result, err)
	}
	<-left
}

func TestQuestionsThatAreTooLarge(t *testing.T) {
	c := chat(t, func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") })
	for _, tokens := range []int{0, model.MaxChatTokens + 1} {
		_, _, err := ask(t.Context(), c, tokens)
		fails(t, "tokens", err, model.ErrTooLarge, "tokens")
	}
	_, err := c.Answer(t.Context(), []model.Message{{Content: strings.Repeat("x", model.MaxChatInput+1)}}, 1, nil)
	fails(t, "input", err, model.ErrTooLarge, "at most")
}

// TestUpstreamIsCancelled ends a stream by its context and by its listener.
func TestUpstreamIsCancelled(t *testing.T) {
	gone := errors.New("the client left")
	for name, end := range map[string]func(cancel func(error)) error{
		"context":  func(cancel func(error)) error { cancel(gone); return nil },
		"listener": func(func(error)) error { return gone },
	} {
		left := make(chan struct{})
		c := chat(t, func(w http.ResponseWriter, r *http.Request) {
			streaming(piece("a"))(w, r)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			close(left)
		})
		ctx, cancel := context.WithCancelCause(t.Context())
		_, err := c.Answer(ctx, []model.Message{{Content: "u"}}, 50, func(string) error { return end(cancel) })
		if !errors.Is(err, gone) {
			t.Errorf("%s: %v", name, err)
		}
		<-left
		cancel(nil)
	}
}

func TestChatRetriesBeforeTheAnswer(t *testing.T) {
	asked := 0
	c := chat(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		streaming(piece("a")+finish("stop")+done)(w, r)
	})
	if text, _, err := ask(t.Context(), c, 50); text != "a" || err != nil || asked != 2 {
		t.Errorf("%q %v after %d", text, err, asked)
	}
}

// silent is a body that says something and then nothing until its request ends.
type silent struct {
	io.Reader
	ctx context.Context
}

func (s silent) Read(p []byte) (int, error) {
	if n, err := s.Reader.Read(p); err == nil {
		return n, nil
	}
	<-s.ctx.Done()
	return 0, context.Cause(s.ctx)
}

func TestSilence(t *testing.T) {
	for name, c := range map[string]struct {
		said string
		most time.Duration
		kind error
	}{
		"in an answer":    {piece("a"), time.Minute, model.ErrUnreachable},
		"after an answer": {piece("a") + finish("stop"), 2 * time.Second, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := doer(func(r *http.Request) (reply, error) {
					return reply{status: http.StatusOK, body: silent{strings.NewReader(c.said), r.Context()}}, nil
				})
				endpoint, err := model.NewChat(d, model.Endpoint{URL: "https://models.example", Model: "m"})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				text, _, err := ask(t.Context(), endpoint, 50)
				if took := time.Since(start); text != "a" || took != c.most || !errors.Is(err, c.kind) {
					t.Errorf("%q %v after %s", text, err, took)
				}
			})
		})
	}
}
