package server

import (
	"encoding/json"
	"net/http"
	"time"
)

// chat is a request for a chat completion.
type chat struct {
	model         string
	question      string
	search        searchTool
	stream        bool
	usageInStream bool
	limit         int // words, or tokens of a model; zero: any number
}

func (c *chat) rules() rules {
	return rules{
		"model": into(&c.model), "messages": conversation(&c.question), "stream": into(&c.stream),
		"stream_options":        object(rules{"include_usage": into(&c.usageInStream), "include_obfuscation": harmless[bool]()}),
		"max_completion_tokens": upTo(&c.limit, maxLimit), "max_tokens": upTo(&c.limit, maxLimit),
		"tools": c.search.tools, "tool_choice": toolChoices,

		"frequency_penalty": harmless[float64](), "metadata": harmless[map[string]string](), "parallel_tool_calls": harmless[bool](),
		"prediction": harmless[map[string]any](), "presence_penalty": harmless[float64](), "prompt_cache_key": harmless[string](),
		"prompt_cache_retention": harmless[string](), "reasoning_effort": harmless[string](), "safety_identifier": harmless[string](),
		"seed": harmless[float64](), "service_tier": harmless[string](), "temperature": harmless[float64](),
		"top_p": harmless[float64](), "user": harmless[string](), "verbosity": harmless[string](),

		"n": only("1"), "store": only("false"), "logprobs": only("false"), "logit_bias": only("{}"), "modalities": only(`["text"]`),
		"response_format": only(`{"type":"text"}`), "audio": without("answers are text"), "function_call": without("no functions are called"),
		"functions": without("no functions are called"), "stop": without("documents are quoted as they are"),
		"top_logprobs": without("words have no probabilities"), "web_search_options": without("only the tenant's documents are searched"),
	}
}

const maxLimit = 1 << 20 // words or tokens of an answer

func completeChat(x *exchange) error {
	c := chat{search: x.searchTool(0)}
	if _, err := x.parameters(c.rules()); err != nil {
		return err
	}
	if err := x.checkAsked(c.model, "messages", c.question); err != nil {
		return err
	}
	q, err := x.inquire(c.model, c.question, c.limit, c.search)
	if err != nil {
		return err
	}
	defer q.done()
	found, err := q.find()
	if err != nil {
		return err
	}
	whole := completion{
		ID: "chatcmpl-" + x.id, Object: "chat.completion", Created: time.Now().Unix(), Model: c.model, Degraded: found.degraded,
	}
	if c.stream {
		return streamChat(q, c, whole, found)
	}
	s, err := q.answer(found, q.listen)
	if err != nil {
		return err
	}
	finish := s.finish()
	whole.Choices = []choice{{Message: &message{"assistant", &s.text, nil, s.annotations}, FinishReason: &finish}}
	whole.Usage = chatUsageOf(c.question, s)
	return x.reply(http.StatusOK, whole)
}

// checkAsked checks what every question needs.
func (x *exchange) checkAsked(model, parameter, question string) error {
	if model == "" {
		return missing("model")
	}
	if _, err := findModel(x.offers(), model); err != nil {
		return err
	}
	return checkQuestion(parameter, question)
}

// completion is a chat completion, or a chunk of its stream.
type completion struct {
	ID      string     `json:"id"`
	Object  string     `json:"object"`
	Created int64      `json:"created"`
	Model   string     `json:"model"`
	Choices []choice   `json:"choices"`
	Usage   *chatUsage `json:"usage"`

	Degraded []string `json:"degraded,omitempty"` // beside what OpenAI's has
}

type choice struct {
	Index        int             `json:"index"`
	Message      *message        `json:"message,omitempty"`
	Delta        *message        `json:"delta,omitempty"`
	Logprobs     json.RawMessage `json:"logprobs"` // always null
	FinishReason *string         `json:"finish_reason"`
}

type message struct {
	Role        string       `json:"role,omitempty"`
	Content     *string      `json:"content,omitempty"`
	Refusal     *string      `json:"refusal"` // always null
	Annotations []annotation `json:"annotations,omitempty"`
}

// chatUsage counts words, or a model's tokens.
type chatUsage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

func chatUsageOf(question string, s *said) *chatUsage {
	asked, answered := s.usage(question)
	return &chatUsage{asked, answered, asked + answered}
}
