package replica_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// annotationJSON cites a span of a document.
type annotationJSON struct {
	Type     string
	Index    int
	FileID   string `json:"file_id"`
	Filename string
	Start    int
	End      int
}

type chatJSON struct {
	ID, Object, Model string
	Choices           []struct {
		Message, Delta struct {
			Role, Content string
			Annotations   []annotationJSON
		}
		FinishReason string `json:"finish_reason"`
	}
	Usage *struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
		Total      int `json:"total_tokens"`
	}
}

// kestrels is a tenant with two documents, and the text of each.
func kestrels(t *testing.T) (*node, *tenant, map[string]string) {
	t.Helper()
	c := newCell(t)
	acme := c.tenant(t, "acme")
	n := c.start(t, "runtime-0")
	texts := map[string]string{"hover.md": "# Kestrels\n\nA kestrel hovers — it hangs in the wind.\n", "dive.md": "Gulls wait. A kestrel dives at mice."}
	expect(t, n.putWith(t, acme, "hover.md", texts["hover.md"], `{"mood":"calm"}`), 201, "")
	expect(t, n.putWith(t, acme, "dive.md", texts["dive.md"], `{"mood":"wild"}`), 201, "")
	return n, acme, texts
}

const (
	modelX      = `"model":"bulkhead-extractive"`
	kestrelX    = `"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"What of it?"},{"role":"assistant","content":"Of what?"},{"role":"user","content":[{"type":"text","text":"What does a"},{"type":"text","text":"kestrel do?"}]}]`
	kestrelSays = "A kestrel hovers — it hangs in the wind.\nA kestrel dives at mice."
)

func TestChatCompletion(t *testing.T) {
	n, acme, texts := kestrels(t)
	var got chatJSON
	expect(t, n.ask(t, acme, "POST", "/v1/chat/completions", `{`+modelX+`,`+kestrelX+`,"temperature":0.2,"user":"u","metadata":{"a":"b"}}`), 200, "").into(t, &got)
	said := got.Choices[0]
	if !strings.HasPrefix(got.ID, "chatcmpl-") || got.Object != "chat.completion" || got.Model != "bulkhead-extractive" || said.FinishReason != "stop" || said.Message.Role != "assistant" {
		t.Errorf("completion: %+v", got)
	}
	if sortedLines(said.Message.Content) != sortedLines(kestrelSays) {
		t.Errorf("says %q", said.Message.Content)
	}
	if got.Usage.Prompt != 5 || got.Usage.Completion != 14 || got.Usage.Total != 19 {
		t.Errorf("usage: %+v", got.Usage)
	}
	checkAnnotations(t, said.Message.Content, said.Message.Annotations, texts)
}

func sortedLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// checkAnnotations: every line is the span of the document that it cites.
func checkAnnotations(t *testing.T, text string, annotations []annotationJSON, texts map[string]string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	if len(annotations) != len(lines) {
		t.Fatalf("%d lines have %d annotations", len(lines), len(annotations))
	}
	for i, a := range annotations {
		upTo := len([]rune(strings.Join(lines[:i+1], "\n")))
		if a.Type != "file_citation" || !strings.HasPrefix(a.FileID, "file-") || texts[a.Filename][a.Start:a.End] != lines[i] || a.Index != upTo {
			t.Errorf("line %q is cited as %+v", lines[i], a)
		}
	}
}

// TestChatCompletionIsCut: of all that would be said, as many words as were asked for.
func TestChatCompletionIsCut(t *testing.T) {
	n, acme, texts := kestrels(t)
	whole := strings.Fields(kestrelSays)
	for limit := 1; limit <= len(whole); limit++ {
		var all, got chatJSON
		expect(t, n.ask(t, acme, "POST", "/v1/chat/completions", `{`+modelX+`,`+kestrelX+`}`), 200, "").into(t, &all)
		expect(t, n.ask(t, acme, "POST", "/v1/chat/completions", fmt.Sprintf(`{%s,%s,"max_completion_tokens":%d}`, modelX, kestrelX, limit)), 200, "").into(t, &got)
		said, finish := got.Choices[0].Message, "length"
		if limit == len(whole) {
			finish = "stop"
		}
		if !strings.HasPrefix(all.Choices[0].Message.Content, said.Content) || len(strings.Fields(said.Content)) != limit ||
			got.Choices[0].FinishReason != finish || got.Usage.Completion != limit {
			t.Errorf("%d words: %+v", limit, got)
		}
		checkAnnotations(t, said.Content, said.Annotations, texts)
	}
}

// readEvents parses server-sent events: names, and data.
func readEvents(t *testing.T, r response) (names, data []string) {
	t.Helper()
	if media := r.header.Get("Content-Type"); media != "text/event-stream" {
		t.Fatalf("%d %s: %s", r.status, media, r.body)
	}
	for one := range strings.SplitSeq(strings.TrimSuffix(string(r.body), "\n\n"), "\n\n") {
		name, rest, found := strings.Cut(one, "\n")
		if !found {
			name, rest = "", one
		}
		names = append(names, strings.TrimPrefix(name, "event: "))
		data = append(data, strings.TrimPrefix(rest, "data: "))
	}
	return names, data
}

func TestChatStream(t *testing.T) {
	n, acme, texts := kestrels(t)
	for usage, last := range map[bool]int{false: 2, true: 3} {
		body := fmt.Sprintf(`{%s,%s,"stream":true,"stream_options":{"include_usage":%t}}`, modelX, kestrelX, usage)
		_, data := readEvents(t, n.ask(t, acme, "POST", "/v1/chat/completions", body))
		if data[len(data)-1] != "[DONE]" {
			t.Fatalf("the stream ends in %s", data[len(data)-1])
		}
		var text strings.Builder
		var chunk chatJSON
		for _, one := range data[:len(data)-last] {
			chunk = chatJSON{}
			if err := json.Unmarshal([]byte(one), &chunk); err != nil || chunk.Object != "chat.completion.chunk" {
				t.Fatalf("%s: %v", one, err)
			}
			text.WriteString(chunk.Choices[0].Delta.Content)
		}
		if sortedLines(text.String()) != sortedLines(kestrelSays) {
			t.Errorf("streamed %q", text.String())
		}
		finish := chatJSON{}
		_ = json.Unmarshal([]byte(data[len(data)-last]), &finish)
		if finish.Choices[0].FinishReason != "stop" {
			t.Errorf("the last choice is %s", data[len(data)-last])
		}
		checkAnnotations(t, text.String(), finish.Choices[0].Delta.Annotations, texts)
		if counted := strings.Contains(data[len(data)-2], `"total_tokens":19`); counted != usage {
			t.Errorf("usage is counted: %t in %s", counted, data[len(data)-2])
		}
	}
}

func TestChatWithoutAnswer(t *testing.T) {
	n, acme, _ := kestrels(t)
	var got chatJSON
	expect(t, n.ask(t, acme, "POST", "/v1/chat/completions", `{`+modelX+`,"messages":[{"role":"user","content":"propeller pitch?"}]}`), 200, "").into(t, &got)
	if said := got.Choices[0].Message; said.Content != "The documents do not say." || said.Annotations != nil {
		t.Errorf("says %+v", said)
	}
}

// TestRefusedParameters: what would change the answer is not ignored.
func TestRefusedParameters(t *testing.T) {
	n, acme, _ := kestrels(t)
	chat, response := "/v1/chat/completions", "/v1/responses"
	for name, test := range map[string]struct {
		path, body, code, param string
		status                  int
	}{
		"no model":           {chat, kestrelX, "missing_required_parameter", "model", 400},
		"another model":      {chat, `"model":"gpt-9",` + kestrelX, "model_not_found", "model", 404},
		"no messages":        {chat, modelX, "invalid_query", "messages", 400},
		"no user":            {chat, modelX + `,"messages":[{"role":"system","content":"x"}]`, "missing_required_parameter", "messages", 400},
		"an image":           {chat, modelX + `,"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]`, "unsupported_parameter", "messages[0].content[0].type", 400},
		"a number":           {chat, modelX + `,"messages":[{"role":"user","content":7}]`, "invalid_type", "messages[0].content", 400},
		"choices":            {chat, modelX + `,"n":2,` + kestrelX, "unsupported_parameter", "n", 400},
		"a function":         {chat, modelX + `,"tools":[{"type":"function","function":{"name":"f"}}],` + kestrelX, "unsupported_parameter", "tools[0]", 400},
		"no search":          {chat, modelX + `,"tool_choice":"none",` + kestrelX, "unsupported_parameter", "tool_choice", 400},
		"JSON":               {chat, modelX + `,"response_format":{"type":"json_object"},` + kestrelX, "unsupported_parameter", "response_format", 400},
		"stop":               {chat, modelX + `,"stop":"x",` + kestrelX, "unsupported_parameter", "stop", 400},
		"unknown":            {chat, modelX + `,"temprature":1,` + kestrelX, "unknown_parameter", "temprature", 400},
		"temperature":        {chat, modelX + `,"temperature":"hot",` + kestrelX, "invalid_type", "temperature", 400},
		"tokens":             {chat, modelX + `,"max_tokens":0,` + kestrelX, "invalid_value", "max_tokens", 400},
		"unknown option":     {chat, modelX + `,"stream_options":{"x":1},` + kestrelX, "unknown_parameter", "stream_options.x", 400},
		"another response":   {response, modelX + `,"input":"x","previous_response_id":"resp_1"`, "unsupported_parameter", "previous_response_id", 400},
		"store":              {response, modelX + `,"input":"x","store":true`, "unsupported_parameter", "store", 400},
		"background":         {response, modelX + `,"input":"x","background":true`, "unsupported_parameter", "background", 400},
		"two searches":       {response, modelX + `,"input":"x","tools":[{"type":"file_search"},{"type":"file_search"}]`, "unsupported_parameter", "tools[1]", 400},
		"another tool":       {response, modelX + `,"input":"x","tools":[{"type":"web_search"}]`, "unsupported_parameter", "tools[0]", 400},
		"a filter":           {response, modelX + `,"input":"x","tools":[{"type":"file_search","filters":{"type":"eq","key":"a"}}]`, "invalid_filters", "tools[0].filters.value", 400},
		"results":            {response, modelX + `,"input":"x","tools":[{"type":"file_search","max_num_results":51}]`, "invalid_value", "tools[0].max_num_results", 400},
		"a threshold":        {response, modelX + `,"input":"x","tools":[{"type":"file_search","ranking_options":{"score_threshold":2}}]`, "invalid_value", "tools[0].ranking_options.score_threshold", 400},
		"included":           {response, modelX + `,"input":"x","include":["message.output_text.logprobs"]`, "unsupported_parameter", "include[0]", 400},
		"a schema":           {response, modelX + `,"input":"x","text":{"format":{"type":"json_schema"}}`, "unsupported_parameter", "text.format", 400},
		"an image as input":  {response, modelX + `,"input":[{"role":"user","content":[{"type":"input_image"}]}]`, "unsupported_parameter", "input[0].content[0].type", 400},
		"a model as input":   {response, modelX + `,"input":[{"role":"assistant","content":"x"}]`, "missing_required_parameter", "input", 400},
		"another model's":    {response, `"model":"gpt-9","input":"x","stream":true`, "model_not_found", "model", 404},
		"input of a number":  {response, modelX + `,"input":1`, "invalid_type", "input", 400},
		"a very long input":  {response, modelX + `,"input":"` + strings.Repeat("x", 8193) + `"`, "invalid_query", "input", 400},
		"a very long body":   {response, modelX + `,"input":"` + strings.Repeat("x", 256<<10) + `"`, "body_too_large", "", 413},
		"a list":             {response, modelX + `,"input":"x","metadata":[]`, "invalid_type", "metadata", 400},
		"a text for a truth": {response, modelX + `,"input":"x","stream":"yes"`, "invalid_type", "stream", 400},
	} {
		if r := n.ask(t, acme, "POST", test.path, `{`+test.body+`}`); r.status != test.status || r.code() != test.code || r.param(t) != test.param {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	expect(t, n.ask(t, acme, "GET", "/v1/models/gpt-9", ""), 404, "model_not_found")
}
