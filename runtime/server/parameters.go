package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// maxConversation is how many bytes of JSON a conversation may have.
const maxConversation = 256 << 10

// parameters are the fields of a JSON body in the shape of OpenAI, by name. One that
// is null is not there.
type parameters map[string]json.RawMessage

// or returns a parameter as it was sent, or what it is when it is left out.
func (p parameters) or(name, otherwise string) json.RawMessage {
	if value, sent := p[name]; sent {
		return value
	}
	return json.RawMessage(otherwise)
}

// rule reads a parameter or refuses it.
type rule func(name string, value json.RawMessage) error

// rules has every parameter that there is. What would change the answer and can not
// be had is refused, since a client could not tell that it was ignored.
type rules map[string]rule

// parameters reads a body by rules.
func (x *exchange) parameters(r rules) (parameters, error) {
	return x.parametersUpTo(maxConversation, r)
}

// parametersUpTo is parameters of a body of at most limit bytes.
func (x *exchange) parametersUpTo(limit int64, r rules) (parameters, error) {
	data, err := jsonBody(x, limit)
	if err != nil {
		return nil, err
	}
	var p parameters
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, explain(err)
	}
	return p, p.read("", r)
}

// read applies rules to parameters that stand in prefix.
func (p parameters) read(prefix string, r rules) error {
	for _, name := range slices.Sorted(maps.Keys(p)) {
		read, known := r[name]
		switch {
		case string(p[name]) == "null":
			delete(p, name)
		case !known:
			return wrong(prefix+name, "unknown_parameter", "%s is not known here: leave it out or correct its name.", prefix+name)
		default:
			if err := read(prefix+name, p[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// into reads a parameter of a type.
func into[T any](to *T) rule {
	return func(name string, value json.RawMessage) error {
		if json.Unmarshal(value, to) != nil {
			return wrong(name, "invalid_type", "%s must be %s.", name, typeName(reflect.TypeFor[T]()))
		}
		return nil
	}
}

// harmless reads a parameter of a type that changes nothing here.
func harmless[T any]() rule { return into(new(T)) }

// only allows values that are no different from leaving the parameter out.
func only(values ...string) rule {
	return func(name string, value json.RawMessage) error {
		var compact bytes.Buffer
		if json.Compact(&compact, value) == nil && slices.Contains(values, compact.String()) {
			return nil
		}
		return unsupportedParameter(name, "it can only be "+strings.Join(values, " or "))
	}
}

// without refuses a parameter.
func without(why string) rule {
	return func(name string, _ json.RawMessage) error { return unsupportedParameter(name, why) }
}

func unsupportedParameter(name, why string) error {
	return wrong(name, "unsupported_parameter", "%s is not supported: %s. Leave it out.", name, why)
}

func missing(name string) error {
	return wrong(name, "missing_required_parameter", "%s is missing: send it.", name)
}

// upTo reads a whole number from 1 to high.
func upTo(to *int, high int) rule {
	return func(name string, value json.RawMessage) error {
		if json.Unmarshal(value, to) != nil || *to < 1 || *to > high {
			return wrong(name, "invalid_value", "%s must be a whole number from 1 to %d.", name, high)
		}
		return nil
	}
}

// share reads a number from 0 to 1.
func share(to *float64) rule {
	return func(name string, value json.RawMessage) error {
		if json.Unmarshal(value, to) != nil || *to < 0 || *to > 1 {
			return wrong(name, "invalid_value", "%s must be a number from 0 to 1.", name)
		}
		return nil
	}
}

// object reads an object by rules of its own.
func object(r rules) rule {
	return func(name string, value json.RawMessage) error {
		var p parameters
		if err := into(&p)(name, value); err != nil {
			return err
		}
		return p.read(name+".", r)
	}
}

// each has read every element of a list.
func each(read rule) rule {
	return func(name string, value json.RawMessage) error {
		var all []json.RawMessage
		if err := into(&all)(name, value); err != nil {
			return err
		}
		for i, one := range all {
			if err := read(fmt.Sprintf("%s[%d]", name, i), one); err != nil {
				return err
			}
		}
		return nil
	}
}

// typeName is what a client calls a type.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	default:
		return "a number"
	}
}
