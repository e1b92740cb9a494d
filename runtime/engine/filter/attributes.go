package filter

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a document's attributes may be, as with OpenAI.
const (
	MaxAttributes = 16
	MaxKey        = 64 // characters
)

// Attributes are a document's, by key.
type Attributes map[string]Value

// ParseAttributes reads a JSON object of texts, numbers and truth values; nothing
// and null have none. The path is where it stands in its request. Errors: Error.
func ParseAttributes(path string, in []byte) (Attributes, error) {
	if len(in) == 0 {
		return nil, nil
	}
	var decoded map[string]any
	if err := json.Unmarshal(in, &decoded); err != nil {
		return nil, Error{path, "must be a JSON object of texts, numbers and truth values"}
	}
	if len(decoded) > MaxAttributes {
		return nil, Error{path, fmt.Sprintf("may have at most %d keys", MaxAttributes)}
	}
	var a Attributes
	for key, one := range decoded {
		if err := checkKey(key); err != nil {
			return nil, Error{path, err.Error()}
		}
		value, err := valueOf(one)
		if err != nil {
			return nil, Error{path + "." + key, err.Error()}
		}
		if a == nil {
			a = Attributes{}
		}
		a[key] = value
	}
	return a, nil
}

func checkKey(key string) error {
	if key == "" || utf8.RuneCountInString(key) > MaxKey || !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl) {
		return fmt.Errorf("needs keys of 1 to %d printable characters", MaxKey)
	}
	return nil
}
