package answering_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/runtime/answer"
	"github.com/bulkhead-dev/bulkhead/runtime/answering"
	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
	"github.com/bulkhead-dev/bulkhead/runtime/model"
)

// speaker is a model that says the pieces.
type speaker []string

func (s speaker) Do(*http.Request, int64) (*http.Response, error) {
	var stream strings.Builder
	for _, piece := range s {
		text, err := json.Marshal(piece)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&stream, "data: {\"choices\":[{\"delta\":{\"content\":%s}}]}\n\n", text)
	}
	stream.WriteString("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n")
	header := http.Header{"Content-Type": {"text/event-stream"}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(stream.String()))}, nil
}

func (s speaker) chat(t *testing.T, contextTokens int) answering.Chat {
	t.Helper()
	chat, err := model.NewChat(s, model.Endpoint{URL: "https://models.example/v1", Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	return answering.Chat{Model: chat, ContextTokens: contextTokens}
}

func passages() []corpus.Passage {
	texts := []string{"Goods may be returned within 14 days. Opened software stays.", "A refund is paid within 5 working days. It is paid to the card."}
	found := make([]corpus.Passage, len(texts))
	for i, text := range texts {
		found[i] = corpus.Passage{Document: uuid.New(), Title: "Refunds", Start: 100, End: 100 + len(text), Text: text, Score: 1}
	}
	return found
}

const question = "When is a refund paid?"

// hear checks that the pieces are the answer, and returns it.
func hear(t *testing.T, by answering.Answerer) answering.Answer {
	t.Helper()
	var text strings.Builder
	var cited []answering.Citation
	said, err := by.Answer(t.Context(), question, passages(), func(p answering.Piece) error {
		text.WriteString(p.Text)
		cited = append(cited, p.Citations...)
		return nil
	})
	if err != nil || text.String() != said.Text || len(cited) != len(said.Citations) || len(cited) == 0 {
		t.Fatalf("said %q with %d citations, the answer is %+v, %v", text.String(), len(cited), said, err)
	}
	return said
}

func TestChatCitesPassages(t *testing.T) {
	said := hear(t, speaker{"Paid in 5 days [", "2, 1], not [3] <b>", "ever</b> [2]."}.chat(t, 0))
	if said.Text != "Paid in 5 days [2][1], not  ever  [2]." || said.Finish != model.FinishLength || said.Removed != 3 {
		t.Errorf("got %+v", said)
	}
	for _, c := range said.Citations {
		if mark := said.Text[c.Start:c.End]; mark != fmt.Sprintf("[%d]", c.Number) || c.Passage.Text != passages()[c.Number-1].Text {
			t.Errorf("the mark %q cites %+v", mark, c)
		}
	}
}

func TestExtractiveCitesSpans(t *testing.T) {
	said := hear(t, answering.Extractive{})
	for _, c := range said.Citations {
		p := passages()[c.Number-1]
		if line := said.Text[c.Start:c.End]; line != c.Passage.Text || line != p.Text[c.Passage.Start-100:c.Passage.End-100] {
			t.Errorf("the line %q cites %+v", line, c)
		}
	}
}

func TestAnswersEnd(t *testing.T) {
	stop := errors.New("enough")
	for name, by := range map[string]answering.Answerer{"chat": speaker{"Yes ", "and no."}.chat(t, 0), "extractive": answering.Extractive{}} {
		t.Run(name, func(t *testing.T) {
			pieces := 0
			_, err := by.Answer(t.Context(), question, passages(), func(answering.Piece) error { pieces++; return stop })
			if !errors.Is(err, stop) || pieces != 1 {
				t.Errorf("after %d pieces: %v", pieces, err)
			}
			none, err := by.Answer(t.Context(), question, nil, func(answering.Piece) error { return stop })
			if err != nil || none.Text != "" {
				t.Errorf("without passages: %+v, %v", none, err)
			}
		})
	}
	_, err := speaker{"Yes."}.chat(t, 2048).Answer(t.Context(), strings.Repeat("long ", 1000), passages(), nil)
	if !errors.Is(err, answer.ErrBudget) {
		t.Errorf("a question that does not fit: %v", err)
	}
}
