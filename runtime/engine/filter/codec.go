package filter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"unicode/utf8"
)

// ErrEncoding: bytes are not what Encode writes.
var ErrEncoding = errors.New("not encoded attributes")

// Encode writes attributes in the order of their keys; none are no bytes:
//
//	(uvarint length | key | kind 1 | nothing for a truth value, 8 for a number, uvarint length | text) ...
func (a Attributes) Encode() []byte {
	var out []byte
	for _, key := range slices.Sorted(maps.Keys(a)) {
		v := a[key]
		out = append(appendText(out, key), byte(v.kind))
		switch v.kind {
		case number:
			out = binary.BigEndian.AppendUint64(out, math.Float64bits(v.number))
		case text:
			out = appendText(out, v.text)
		}
	}
	return out
}

func appendText(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

// Decode reads what Encode wrote. Errors: ErrEncoding.
func Decode(in []byte) (Attributes, error) {
	var a Attributes
	last := ""
	for rest := in; len(rest) > 0; {
		key, f, after, ok := next(rest)
		if !ok || checkKey(string(key)) != nil || string(key) <= last || len(a) == MaxAttributes || !f.valid() {
			return nil, fmt.Errorf("%w: attribute %d", ErrEncoding, len(a))
		}
		if a == nil {
			a = Attributes{}
		}
		last, rest = string(key), after
		a[last] = Value{f.kind, f.number, string(f.text)}
	}
	return a, nil
}

func (f field) valid() bool {
	return !math.IsNaN(f.number) && !math.IsInf(f.number, 0) && utf8.RuneCount(f.text) <= MaxText
}

// next reads the attribute that in begins with.
func next(in []byte) (key []byte, f field, rest []byte, ok bool) {
	if key, in, ok = cutText(in); !ok || len(in) == 0 {
		return nil, f, nil, false
	}
	f.kind, in = kind(in[0]), in[1:]
	switch f.kind {
	case falsehood, truth:
	case number:
		if len(in) < 8 {
			return nil, f, nil, false
		}
		f.number, in = math.Float64frombits(binary.BigEndian.Uint64(in)), in[8:]
	case text:
		if f.text, in, ok = cutText(in); !ok {
			return nil, f, nil, false
		}
	default:
		return nil, f, nil, false
	}
	return key, f, in, true
}

func cutText(in []byte) (s, rest []byte, ok bool) {
	length, n := binary.Uvarint(in)
	if n <= 0 || length > uint64(len(in)-n) {
		return nil, nil, false
	}
	return in[n : n+int(length)], in[n+int(length):], true
}

// find returns the attribute of a key. What is not encoded attributes has none.
func find(encoded []byte, key string) (field, bool) {
	for len(encoded) > 0 {
		at, f, rest, ok := next(encoded)
		if !ok || string(at) > key {
			return field{}, false
		}
		if string(at) == key {
			return f, true
		}
		encoded = rest
	}
	return field{}, false
}
