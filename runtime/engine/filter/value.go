package filter

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxText is how many characters a value may have.
const MaxText = 512

// kind is what a Value holds. The numbers are those of the encoding.
type kind byte

const (
	falsehood kind = iota
	truth
	number
	text
)

// Value is one text, number or truth value.
type Value struct {
	kind   kind
	number float64
	text   string
}

// Text is a Value that is a text.
func Text(s string) Value { return Value{kind: text, text: s} }

// Number is a Value that is a number.
func Number(n float64) Value { return Value{kind: number, number: n + 0} } // -0 becomes 0

// Bool is a Value that is a truth value.
func Bool(b bool) Value {
	if b {
		return Value{kind: truth}
	}
	return Value{kind: falsehood}
}

// valueOf makes a Value of what encoding/json decoded.
func valueOf(decoded any) (Value, error) {
	switch v := decoded.(type) {
	case string:
		if utf8.RuneCountInString(v) > MaxText {
			return Value{}, fmt.Errorf("must have at most %d characters", MaxText)
		}
		return Text(v), nil
	case float64:
		return Number(v), nil
	case bool:
		return Bool(v), nil
	}
	return Value{}, errScalar
}

var errScalar = errors.New("must be a text, a number or a truth value")

// MarshalJSON implements json.Marshaler.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.kind {
	case text:
		return json.Marshal(v.text)
	case number:
		return json.Marshal(v.number)
	default:
		return json.Marshal(v.kind == truth)
	}
}

// ordered reports whether values of this one's kind are smaller and larger.
func (v Value) ordered() bool { return v.kind == text || v.kind == number }

// field is an attribute's value as it is encoded.
type field struct {
	kind   kind
	number float64
	text   []byte
}

func (f field) equals(v Value) bool {
	return f.kind == v.kind && f.number == v.number && string(f.text) == v.text
}

// compare tells how f is to an ordered value of its kind.
func (f field) compare(v Value) int {
	if v.kind == number {
		return cmp.Compare(f.number, v.number)
	}
	switch {
	case string(f.text) < v.text: // converts without a copy, as cmp.Compare would not
		return -1
	case string(f.text) > v.text:
		return 1
	}
	return 0
}
