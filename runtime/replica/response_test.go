package replica_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type outputJSON struct {
	Type, Status string
	Queries      []string
	Results      []struct {
		FileID     string `json:"file_id"`
		Filename   string
		Text       string
		Score      float64
		Attributes map[string]any
	}
	Content []struct {
		Type, Text  string
		Annotations []annotationJSON
	}
}

type fullResponseJSON struct {
	ID, Object, Status string
	Error              *struct{ Code, Message string }
	IncompleteDetails  *struct{ Reason string } `json:"incomplete_details"`
	Output             []outputJSON
	Metadata           map[string]string
	Usage              struct {
		Input  int `json:"input_tokens"`
		Output int `json:"output_tokens"`
		Total  int `json:"total_tokens"`
	}
}

func TestResponse(t *testing.T) {
	n, acme, texts := kestrels(t)
	var got fullResponseJSON
	expect(t, n.ask(t, acme, "POST", "/v1/responses", `{`+modelX+`,"input":"What does a kestrel do?","metadata":{"a":"b"},
		"tools":[{"type":"file_search","max_num_results":5}],"include":["file_search_call.results"]}`), 200, "").into(t, &got)
	if !strings.HasPrefix(got.ID, "resp_") || got.Object != "response" || got.Status != "completed" || got.Metadata["a"] != "b" || got.Usage.Total != 19 {
		t.Errorf("response: %+v", got)
	}
	search, said := got.Output[0], got.Output[1]
	if search.Type != "file_search_call" || search.Status != "completed" || search.Queries[0] != "What does a kestrel do?" || len(search.Results) != 2 {
		t.Errorf("search: %+v", search)
	}
	for i, r := range search.Results {
		if !strings.Contains(texts[r.Filename], r.Text) || r.Score <= 0 || r.Score > 1 || i == 0 && r.Score != 1 || r.Attributes["mood"] == nil {
			t.Errorf("result: %+v", r)
		}
	}
	if text := said.Content[0]; said.Type != "message" || text.Type != "output_text" || sortedLines(text.Text) != sortedLines(kestrelSays) {
		t.Errorf("says %+v", said)
	} else {
		checkAnnotations(t, text.Text, text.Annotations, texts)
	}
}

// TestSearchTool: what the tool says is searched, and what is not asked for is not
// returned.
func TestSearchTool(t *testing.T) {
	n, acme, _ := kestrels(t)
	for tools, want := range map[string]string{
		`[{"type":"file_search"}]`: kestrelSays,
		`[]`:                       kestrelSays,
		`[{"type":"file_search","filters":{"type":"eq","key":"mood","value":"wild"}}]`:  "A kestrel dives at mice.",
		`[{"type":"file_search","filters":{"type":"eq","key":"mood","value":"stern"}}]`: "The documents do not say.",
	} {
		var got fullResponseJSON
		expect(t, n.ask(t, acme, "POST", "/v1/responses", `{`+modelX+`,"input":[{"role":"user","content":"What does a kestrel do?"}],"tools":`+tools+`}`), 200, "").into(t, &got)
		if said := got.Output[len(got.Output)-1].Content[0].Text; sortedLines(said) != sortedLines(want) {
			t.Errorf("%s says %q", tools, said)
		}
		if searched := len(got.Output) == 2; searched != (tools != "[]") || searched && got.Output[0].Results != nil {
			t.Errorf("%s has the output %+v", tools, got.Output)
		}
	}
}

// TestScoreThreshold: a passage that is far from the best is left out.
func TestScoreThreshold(t *testing.T) {
	n, acme, _ := kestrels(t)
	for threshold, want := range map[string]int{"0": 2, "1": 1} {
		var got fullResponseJSON
		expect(t, n.ask(t, acme, "POST", "/v1/responses", `{`+modelX+`,"input":"gulls wait for a kestrel","include":["file_search_call.results"],
			"tools":[{"type":"file_search","ranking_options":{"ranker":"auto","score_threshold":`+threshold+`}}]}`), 200, "").into(t, &got)
		if found := len(got.Output[0].Results); found != want {
			t.Errorf("threshold %s finds %d", threshold, found)
		}
	}
}

func TestResponseIsCut(t *testing.T) {
	n, acme, _ := kestrels(t)
	for _, stream := range []bool{false, true} {
		var got fullResponseJSON
		r := n.ask(t, acme, "POST", "/v1/responses", fmt.Sprintf(`{%s,"input":"What does a kestrel do?","max_output_tokens":2,"stream":%t}`, modelX, stream))
		if stream {
			names, data := readEvents(t, r)
			if names[len(names)-1] != "response.incomplete" {
				t.Errorf("the stream ends in %s", names[len(names)-1])
			}
			var last struct{ Response json.RawMessage }
			_ = json.Unmarshal([]byte(data[len(data)-1]), &last)
			r.body = last.Response
		}
		r.into(t, &got)
		if got.Status != "incomplete" || got.IncompleteDetails.Reason != "max_output_tokens" || got.Output[0].Content[0].Text != "A kestrel" {
			t.Errorf("response: %+v", got)
		}
	}
}

func TestResponseStream(t *testing.T) {
	n, acme, texts := kestrels(t)
	names, data := readEvents(t, n.ask(t, acme, "POST", "/v1/responses", `{`+modelX+`,"input":"What does a kestrel do?","stream":true,"tools":[{"type":"file_search"}]}`))
	line := []string{"response.output_text.delta", "response.output_text.annotation.added"}
	want := []string{
		"response.created", "response.in_progress", "response.output_item.added", "response.file_search_call.in_progress",
		"response.file_search_call.searching", "response.file_search_call.completed", "response.output_item.done",
		"response.output_item.added", "response.content_part.added", line[0], line[1], line[0], line[1],
		"response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
	var text strings.Builder
	var annotations []annotationJSON
	var last fullResponseJSON
	for i, one := range data {
		var e struct {
			Type           string
			SequenceNumber int `json:"sequence_number"`
			Delta          string
			Annotation     *annotationJSON
			Response       fullResponseJSON
		}
		if err := json.Unmarshal([]byte(one), &e); err != nil || e.Type != names[i] || e.SequenceNumber != i {
			t.Fatalf("event %d: %v, %s", i, err, one)
		}
		text.WriteString(e.Delta)
		if e.Annotation != nil {
			annotations = append(annotations, *e.Annotation)
		}
		last = e.Response
	}
	checkAnnotations(t, text.String(), annotations, texts)
	if last.Status != "completed" || last.Output[1].Content[0].Text != text.String() {
		t.Errorf("the stream's response: %+v", last)
	}
}

// TestFailedResponseStream: a stream that can not go on says so and ends.
func TestFailedResponseStream(t *testing.T) {
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	expect(t, n.ask(t, acme, "PUT", "/v1/documents/a", "text"), 201, "")
	n.stop()
	c.pg.Exec(t, "begin; set local session_replication_role = replica; delete from bulkhead.blob; commit")
	again := c.start(t, "runtime-1")
	names, data := readEvents(t, again.ask(t, acme, "POST", "/v1/responses", `{`+modelX+`,"input":"text","stream":true}`))
	var last struct{ Response fullResponseJSON }
	_ = json.Unmarshal([]byte(data[len(data)-1]), &last)
	if names[len(names)-1] != "response.failed" || last.Response.Status != "failed" || last.Response.Error.Code != "internal_error" {
		t.Errorf("the stream ends in %s %s", names[len(names)-1], data[len(data)-1])
	}
	c.audited(t, "response.create.result", "lane <> 0", 1)
}
