package segment

import (
	"encoding/binary"
	"math"
)

// dictionary leads from terms to their postings. Terms are sorted and written in
// groups; within a group each says how much of the one before it begins with, so
// that common beginnings are written once (front coding; Witten, Moffat and Bell,
// "Managing Gigabytes", 1999).
type dictionary struct {
	groups numbers // two each: where it begins, and where the postings of its first term do
	bytes  []byte
	end    uint32 // of the postings
}

// groupSize is how many terms share a group.
const groupSize = 16

// entry is where the postings of a term are.
type entry struct{ count, start, end uint32 }

func (d *dictionary) len() int { return d.groups.len() / 2 }

// find looks a term up.
func (d *dictionary) find(term string) (found entry, ok bool) {
	low, high := 0, d.len()
	for low < high {
		middle := (low + high) / 2
		first, ok := d.first(uint32(middle))
		if !ok {
			return entry{}, false
		}
		if string(first) <= term {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 {
		return entry{}, false
	}
	group := d.group(uint32(low - 1))
	for group.next() {
		if string(group.term) == term {
			return group.entry, true
		}
	}
	return entry{}, false
}

// first is the first term of a group, which shares nothing with one before.
func (d *dictionary) first(group uint32) ([]byte, bool) {
	in := d.group(group).in
	if len(in) < 2 || in[0] != 0 || len(in) < 2+int(in[1]) {
		return nil, false
	}
	return in[2:][:in[1]], true
}

func (d *dictionary) group(n uint32) groupReader {
	start, end := d.groups.at(2*n), uint32(len(d.bytes))
	if int(n)+1 < d.len() {
		end = d.groups.at(2*n + 2)
	}
	return groupReader{in: d.bytes[start:end], entry: entry{end: d.groups.at(2*n + 1)}, limit: d.end}
}

// groupReader reads the terms of a group one after the other.
type groupReader struct {
	entry
	in    []byte
	limit uint32 // of the postings
	term  []byte // until the next one is read
}

// next is false at the end, and where the bytes make no sense.
func (g *groupReader) next() bool {
	if len(g.in) < 2 {
		return false
	}
	shared, rest := int(g.in[0]), int(g.in[1])
	if shared > len(g.term) || len(g.in) < 2+rest {
		return false
	}
	g.term = append(g.term[:shared], g.in[2:2+rest]...)
	g.in = g.in[2+rest:]
	count, n := uvarint(g.in)
	size, m := uvarint(g.in[n:])
	if n == 0 || m == 0 || count > math.MaxUint32 || uint64(g.end)+size > uint64(g.limit) {
		return false
	}
	g.in = g.in[n+m:]
	g.entry = entry{uint32(count), g.end, g.end + uint32(size)}
	return true
}

// check reports whether the groups lie within the bytes, one after the other.
func (d *dictionary) check() bool {
	if d.groups.len()%2 != 0 {
		return false
	}
	last, postings := uint32(0), uint32(0)
	for n := range uint32(d.len()) {
		start, list := d.groups.at(2*n), d.groups.at(2*n+1)
		if start < last || uint64(start) > uint64(len(d.bytes)) || list < postings || list > d.end {
			return false
		}
		last, postings = start, list
	}
	return d.len() == 0 || d.groups.at(0) == 0
}

// dictionaryWriter writes terms, which come in order.
type dictionaryWriter struct {
	dictionary
	terms int
	last  []byte
}

func (w *dictionaryWriter) add(term []byte, count, size uint32) {
	shared := 0
	if w.terms%groupSize == 0 {
		w.groups = w.groups.append(uint32(len(w.bytes))).append(w.end)
	} else {
		for shared < min(len(term), len(w.last), math.MaxUint8) && term[shared] == w.last[shared] {
			shared++
		}
	}
	w.bytes = append(w.bytes, byte(shared), byte(len(term)-shared))
	w.bytes = append(w.bytes, term[shared:]...)
	w.bytes = binary.AppendUvarint(w.bytes, uint64(count))
	w.bytes = binary.AppendUvarint(w.bytes, uint64(size))
	w.terms, w.last, w.end = w.terms+1, append(w.last[:0], term...), w.end+size
}
