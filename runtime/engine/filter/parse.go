package filter

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Bounds of a filter.
const (
	MaxDepth      = 8   // of filters in filters
	MaxConditions = 128 // in all
	MaxValues     = 128 // of one in or nin
)

// Error tells where a filter or attributes are wrong, and quotes no value.
type Error struct {
	Path    string // as in filters.filters[1].value
	Message string
}

func (e Error) Error() string { return e.Path + " " + e.Message }

// Parse reads a filter; nothing and null are none. The path is where it stands in
// its request. Errors: Error.
func Parse(path string, in []byte) (*Filter, error) {
	if len(in) == 0 || string(in) == "null" {
		return nil, nil
	}
	p := parser{}
	root, err := p.condition(path, in, 1)
	if err != nil {
		return nil, err
	}
	return &Filter{root}, nil
}

// parser counts what it reads.
type parser struct{ conditions int }

// node is a condition as it is written.
type node struct {
	Type    string            `json:"type"`
	Key     *string           `json:"key"`
	Value   json.RawMessage   `json:"value"`
	Filters []json.RawMessage `json:"filters"`
}

func (p *parser) condition(path string, in []byte, depth int) (condition, error) {
	if p.conditions++; p.conditions > MaxConditions {
		return nil, Error{path, fmt.Sprintf("is one of more than %d conditions: ask for less", MaxConditions)}
	}
	if depth > MaxDepth {
		return nil, Error{path, fmt.Sprintf("is nested more than %d deep: ask for less", MaxDepth)}
	}
	var n node
	dec := json.NewDecoder(bytes.NewReader(in))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&n); err != nil {
		return nil, Error{path, `must be {"type", "key", "value"} or {"type", "filters"}`}
	}
	switch n.Type {
	case "and", "or":
		return p.compound(path, n, depth)
	case "eq", "ne", "gt", "gte", "lt", "lte", "in", "nin":
		return comparison(path, n)
	}
	return nil, Error{path + ".type", "must be eq, ne, gt, gte, lt, lte, in, nin, and or or"}
}

func (p *parser) compound(path string, n node, depth int) (condition, error) {
	if n.Key != nil || n.Value != nil {
		return nil, Error{path, fmt.Sprintf(`of type %q takes filters only`, n.Type)}
	}
	if len(n.Filters) == 0 {
		return nil, Error{path + ".filters", "must be a list of one filter or more"}
	}
	var parts []condition
	for i, in := range n.Filters {
		part, err := p.condition(fmt.Sprintf("%s.filters[%d]", path, i), in, depth+1)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if n.Type == "and" {
		return both(parts), nil
	}
	return either(parts), nil
}

func comparison(path string, n node) (condition, error) {
	if n.Filters != nil {
		return nil, Error{path, fmt.Sprintf(`of type %q takes key and value only`, n.Type)}
	}
	if n.Key == nil || checkKey(*n.Key) != nil {
		return nil, Error{path + ".key", fmt.Sprintf("must be a key of 1 to %d printable characters", MaxKey)}
	}
	if n.Type == "in" || n.Type == "nin" {
		return membership(path+".value", n)
	}
	var decoded any
	_ = json.Unmarshal(n.Value, &decoded) // what is missing is nil, and the rest has been read once
	value, err := valueOf(decoded)
	if err != nil {
		return nil, Error{path + ".value", err.Error()}
	}
	switch n.Type {
	case "eq":
		return oneOf{*n.Key, []Value{value}}, nil
	case "ne":
		return not{oneOf{*n.Key, []Value{value}}}, nil
	}
	if !value.ordered() {
		return nil, Error{path + ".value", "must be a number or a text, which have an order"}
	}
	return order{*n.Key, value, orders[n.Type]}, nil
}

var orders = map[string]func(int) bool{
	"gt":  func(c int) bool { return c > 0 },
	"gte": func(c int) bool { return c >= 0 },
	"lt":  func(c int) bool { return c < 0 },
	"lte": func(c int) bool { return c <= 0 },
}

func membership(path string, n node) (condition, error) {
	var decoded []any
	if err := json.Unmarshal(n.Value, &decoded); err != nil || len(decoded) == 0 || len(decoded) > MaxValues {
		return nil, Error{path, fmt.Sprintf("must be a list of 1 to %d values", MaxValues)}
	}
	o := oneOf{key: *n.Key}
	for i, one := range decoded {
		value, err := valueOf(one)
		if err != nil {
			return nil, Error{fmt.Sprintf("%s[%d]", path, i), err.Error()}
		}
		o.values = append(o.values, value)
	}
	if n.Type == "nin" {
		return not{o}, nil
	}
	return o, nil
}
