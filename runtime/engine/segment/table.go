package segment

import "encoding/binary"

// numbers is an array of 32-bit numbers.
type numbers []byte

const numberBytes = 4

func (n numbers) len() int { return len(n) / numberBytes }

func (n numbers) at(i uint32) uint32 {
	return binary.LittleEndian.Uint32(n[uint64(i)*numberBytes:])
}

func (n numbers) append(value uint32) numbers { return binary.LittleEndian.AppendUint32(n, value) }

// rising reports whether no number is less than the one before it, nor more than
// the limit.
func (n numbers) rising(limit uint32) bool {
	last := uint32(0)
	for i := range uint32(n.len()) {
		value := n.at(i)
		if value < last || value > limit {
			return false
		}
		last = value
	}
	return true
}

// table is an array of byte strings.
type table struct {
	ends  numbers // of each, in bytes
	bytes []byte
}

func (t table) len() int { return t.ends.len() }

func (t table) at(i uint32) []byte {
	start := uint32(0)
	if i > 0 {
		start = t.ends.at(i - 1)
	}
	return t.bytes[start:t.ends.at(i):t.ends.at(i)]
}

// append adds a byte string. Who encodes the table sees to its size.
func (t *table) append(value []byte) {
	t.bytes = append(t.bytes, value...)
	t.ends = t.ends.append(uint32(len(t.bytes)))
}

// check reports whether every entry lies within the bytes, and the last one ends
// with them.
func (t table) check() bool {
	if t.len() == 0 {
		return len(t.bytes) == 0
	}
	return t.ends.rising(uint32(len(t.bytes))) && t.ends.at(uint32(t.len()-1)) == uint32(len(t.bytes))
}
