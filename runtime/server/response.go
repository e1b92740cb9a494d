package server

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
)

// responding is a request for a response.
type responding struct {
	model    string
	question string
	search   searchTool
	include  []string
	stream   bool
	limit    int        // words, or tokens of a model; zero: any number
	sent     parameters // that are told again
}

// resultsIncluded is what include names to have the passages returned.
const resultsIncluded = "file_search_call.results"

func (r *responding) rules() rules {
	return rules{
		"model": into(&r.model), "input": input(&r.question), "stream": into(&r.stream),
		"stream_options": object(rules{"include_obfuscation": harmless[bool]()}),
		"include":        each(r.includes), "max_output_tokens": upTo(&r.limit, maxLimit),
		"tools": r.search.tools, "tool_choice": toolChoices,

		"instructions": harmless[string](), "max_tool_calls": harmless[float64](), "metadata": harmless[map[string]string](),
		"parallel_tool_calls": harmless[bool](), "prompt_cache_key": harmless[string](), "prompt_cache_retention": harmless[string](),
		"reasoning": harmless[map[string]any](), "safety_identifier": harmless[string](), "service_tier": harmless[string](),
		"temperature": harmless[float64](), "top_p": harmless[float64](), "truncation": harmless[string](), "user": harmless[string](),
		"text": object(rules{"format": only(`{"type":"text"}`), "verbosity": harmless[string]()}),

		"background": only("false"), "store": only("false"), "top_logprobs": only("0"),
		"conversation": without("nothing is kept of one"), "previous_response_id": without("no response is kept"),
		"prompt": without("no prompts are kept"),
	}
}

func (r *responding) includes(name string, value json.RawMessage) error {
	if string(value) != `"`+resultsIncluded+`"` {
		return unsupportedParameter(name, "it can only be "+resultsIncluded)
	}
	r.include = append(r.include, resultsIncluded)
	return nil
}

func createResponse(x *exchange) error {
	r := responding{search: x.searchTool(0)}
	var err error
	if r.sent, err = x.parameters(r.rules()); err != nil {
		return err
	}
	if err := x.checkAsked(r.model, "input", r.question); err != nil {
		return err
	}
	q, err := x.inquire(r.model, r.question, r.limit, r.search)
	if err != nil {
		return err
	}
	defer q.done()
	if r.stream {
		return streamResponse(q, r)
	}
	found, err := q.find()
	if err != nil {
		return err
	}
	s, err := q.answer(found, q.listen)
	if err != nil {
		return err
	}
	return x.reply(http.StatusOK, r.begin(x).complete(r, found, s))
}

// response is OpenAI's object of this name. What is raw is told as it was asked.
type response struct {
	ID                 string          `json:"id"`
	Object             string          `json:"object"`
	CreatedAt          int64           `json:"created_at"`
	Status             string          `json:"status"`
	Background         bool            `json:"background"`
	Error              *failure        `json:"error"`
	IncompleteDetails  *incomplete     `json:"incomplete_details"`
	Instructions       json.RawMessage `json:"instructions"`
	MaxOutputTokens    json.RawMessage `json:"max_output_tokens"`
	Metadata           json.RawMessage `json:"metadata"`
	Model              string          `json:"model"`
	Output             []any           `json:"output"` // of searchCall and outputMessage
	ParallelToolCalls  json.RawMessage `json:"parallel_tool_calls"`
	PreviousResponseID *string         `json:"previous_response_id"` // always null
	Store              bool            `json:"store"`
	Temperature        json.RawMessage `json:"temperature"`
	Text               json.RawMessage `json:"text"`
	ToolChoice         json.RawMessage `json:"tool_choice"`
	Tools              json.RawMessage `json:"tools"`
	TopP               json.RawMessage `json:"top_p"`
	Truncation         json.RawMessage `json:"truncation"`
	Usage              *responseUsage  `json:"usage"`

	Degraded []string `json:"degraded,omitempty"` // beside what OpenAI's has
}

type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type incomplete struct {
	Reason string `json:"reason"`
}

// responseUsage counts words, or a model's tokens.
type responseUsage struct {
	Input        int `json:"input_tokens"`
	InputDetails struct {
		Cached int `json:"cached_tokens"`
	} `json:"input_tokens_details"`
	Output        int `json:"output_tokens"`
	OutputDetails struct {
		Reasoning int `json:"reasoning_tokens"`
	} `json:"output_tokens_details"`
	Total int `json:"total_tokens"`
}

// begin makes a response that has said nothing yet.
func (r *responding) begin(x *exchange) response {
	return response{
		ID: "resp_" + x.id, Object: "response", CreatedAt: time.Now().Unix(), Status: "in_progress", Model: r.model, Output: []any{},
		Instructions: r.sent.or("instructions", "null"), MaxOutputTokens: r.sent.or("max_output_tokens", "null"),
		Metadata: r.sent.or("metadata", "{}"), ParallelToolCalls: r.sent.or("parallel_tool_calls", "true"),
		Temperature: r.sent.or("temperature", "null"), Text: r.sent.or("text", `{"format":{"type":"text"}}`),
		ToolChoice: r.sent.or("tool_choice", `"auto"`), Tools: r.sent.or("tools", "[]"), TopP: r.sent.or("top_p", "null"),
		Truncation: r.sent.or("truncation", `"disabled"`),
	}
}

// complete makes the response that says an answer.
func (p response) complete(r responding, found finding, s *said) response {
	if r.search.asked {
		p.Output = append(p.Output, r.searched(p.ID, found.passages))
	}
	p.Output = append(p.Output, newOutputMessage(p.ID).complete(s))
	p.Status, p.Degraded = "completed", found.degraded
	if reason := s.missing(); reason != "" {
		p.Status, p.IncompleteDetails = "incomplete", &incomplete{reason}
	}
	usage := responseUsage{}
	usage.Input, usage.Output = s.usage(r.question)
	usage.Total = usage.Input + usage.Output
	p.Usage = &usage
	return p
}

// fail makes the response that could not be had.
func (p response) fail(why problem) response {
	p.Status, p.Error = "failed", &failure{why.code, why.message}
	return p
}

// searchCall is a search in the output of a response.
type searchCall struct {
	ID      string         `json:"id"`
	Type    string         `json:"type"`
	Status  string         `json:"status"`
	Queries []string       `json:"queries"`
	Results []searchResult `json:"results"`
}

func (r *responding) newSearch(response string) searchCall {
	return searchCall{ID: "fs_" + response, Type: "file_search_call", Status: "in_progress", Queries: []string{r.question}}
}

// searched is the search that found passages, which are told to who asks for them.
func (r *responding) searched(response string, found []corpus.Passage) searchCall {
	call := r.newSearch(response)
	call.Status = "completed"
	if slices.Contains(r.include, resultsIncluded) {
		call.Results = r.search.results(found)
	}
	return call
}

// outputMessage is what is said in the output of a response.
type outputMessage struct {
	ID      string       `json:"id"`
	Type    string       `json:"type"`
	Status  string       `json:"status"`
	Role    string       `json:"role"`
	Content []outputText `json:"content"`
}

type outputText struct {
	Type        string       `json:"type"`
	Text        string       `json:"text"`
	Annotations []annotation `json:"annotations"`
	Logprobs    []struct{}   `json:"logprobs"` // always empty
}

func newOutputMessage(response string) outputMessage {
	return outputMessage{ID: "msg_" + response, Type: "message", Status: "in_progress", Role: "assistant", Content: []outputText{}}
}

func newOutputText() outputText {
	return outputText{Type: "output_text", Annotations: []annotation{}, Logprobs: []struct{}{}}
}

func (m outputMessage) complete(s *said) outputMessage {
	text := newOutputText()
	text.Text, text.Annotations = s.text, append(text.Annotations, s.annotations...)
	m.Content = []outputText{text}
	m.Status = "completed"
	if s.missing() != "" {
		m.Status = "incomplete"
	}
	return m
}
