package server

import (
	"encoding/json"
	"fmt"
	"strings"
)

// turn is a message of a conversation. What is not the user's, such as the answers
// and searches of before that a client sends again, has no content to be read.
type turn struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

// conversation reads what is asked of a list of messages: its last one of the user.
// The model quotes documents, so it follows no instructions and needs no history.
func conversation(question *string) rule {
	return func(name string, value json.RawMessage) error {
		var turns []turn
		if err := into(&turns)(name, value); err != nil {
			return err
		}
		for i := len(turns) - 1; i >= 0; i-- {
			if turns[i].Role == "user" {
				return content(question)(fmt.Sprintf("%s[%d].content", name, i), turns[i].Content)
			}
		}
		return wrong(name, "missing_required_parameter", "%s must have a message of the role user.", name)
	}
}

// content reads a text, or the texts that a message is made of.
func content(text *string) rule {
	return func(name string, value json.RawMessage) error {
		if json.Unmarshal(value, text) == nil {
			return nil
		}
		var parts []struct{ Type, Text string }
		if json.Unmarshal(value, &parts) != nil {
			return wrong(name, "invalid_type", "%s must be a text or a list of texts.", name)
		}
		var texts []string
		for i, part := range parts {
			if part.Type != "text" && part.Type != "input_text" {
				return unsupportedParameter(fmt.Sprintf("%s[%d].type", name, i), "only text is read")
			}
			texts = append(texts, part.Text)
		}
		*text = strings.Join(texts, "\n")
		return nil
	}
}

// input reads a text, or a conversation.
func input(question *string) rule {
	return func(name string, value json.RawMessage) error {
		if json.Unmarshal(value, question) == nil {
			return nil
		}
		return conversation(question)(name, value)
	}
}

// checkQuestion holds what is asked against the bounds of a search.
func checkQuestion(parameter, question string) error {
	if strings.TrimSpace(question) == "" || len(question) > maxQuery {
		return wrong(parameter, "invalid_query", "%s must ask something, in at most %d bytes.", parameter, maxQuery)
	}
	return nil
}
