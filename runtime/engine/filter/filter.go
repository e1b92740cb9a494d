package filter

import "slices"

// Filter is a condition on a document's attributes. A nil Filter matches any.
type Filter struct{ root condition }

// Match reports whether a document of these encoded attributes is chosen.
func (f *Filter) Match(encoded []byte) bool { return f == nil || f.root.match(encoded) }

// condition is a node of the tree.
type condition interface{ match(encoded []byte) bool }

// both holds when all of its conditions hold.
type both []condition

func (b both) match(encoded []byte) bool {
	return !slices.ContainsFunc(b, func(c condition) bool { return !c.match(encoded) })
}

// either holds when one of its conditions holds.
type either []condition

func (e either) match(encoded []byte) bool {
	return slices.ContainsFunc(e, func(c condition) bool { return c.match(encoded) })
}

// not holds when its condition does not.
type not struct{ condition }

func (n not) match(encoded []byte) bool { return !n.condition.match(encoded) }

// oneOf holds when the attribute is one of the values.
type oneOf struct {
	key    string
	values []Value
}

func (o oneOf) match(encoded []byte) bool {
	f, found := find(encoded, o.key)
	return found && slices.ContainsFunc(o.values, f.equals)
}

// order holds when the attribute is of the value's kind, and to it as asked.
type order struct {
	key   string
	value Value
	holds func(compared int) bool
}

func (o order) match(encoded []byte) bool {
	f, found := find(encoded, o.key)
	return found && f.kind == o.value.kind && o.holds(f.compare(o.value))
}
