package segment

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/google/uuid"
)

const idBytes = len(uuid.UUID{})

// documents are the documents of a segment, in the order in which they were given.
type documents struct {
	ids        []byte  // 16 bytes each
	order      numbers // of documents by their ids, to find them
	ends       numbers // the chunk after the last one of each
	attributes table
}

func (d *documents) len() int { return d.ends.len() }

func (d *documents) id(n uint32) uuid.UUID {
	return uuid.UUID(d.ids[int(n)*idBytes:][:idBytes])
}

func (d *documents) chunks(n uint32) (first, end uint32) {
	if n > 0 {
		first = d.ends.at(n - 1)
	}
	return first, d.ends.at(n)
}

func (d *documents) find(id uuid.UUID) (n uint32, found bool) {
	low, high := 0, d.len()
	for low < high {
		middle := (low + high) / 2
		n = d.order.at(uint32(middle))
		switch at := d.id(n); bytes.Compare(at[:], id[:]) {
		case 0:
			return n, true
		case -1:
			low = middle + 1
		default:
			high = middle
		}
	}
	return 0, false
}

func (d *documents) append(id uuid.UUID, attributes []byte, end uint32) {
	d.ids = append(d.ids, id[:]...)
	d.ends = d.ends.append(end)
	d.attributes.append(attributes)
}

// extend says where the last document's chunks end.
func (d *documents) extend(end uint32) {
	binary.LittleEndian.PutUint32(d.ends[len(d.ends)-numberBytes:], end)
}

// sort makes the order by which documents are found.
func (d *documents) sort() {
	order := make([]uint32, d.len())
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int {
		x, y := d.id(a), d.id(b)
		return cmp.Or(bytes.Compare(x[:], y[:]), cmp.Compare(a, b))
	})
	for _, n := range order {
		d.order = d.order.append(n)
	}
}

// check reports whether the parts agree, and every document is found once.
func (d *documents) check(chunks int) bool {
	n := d.len()
	if len(d.ids) != n*idBytes || d.order.len() != n || d.attributes.len() != n || !d.attributes.check() ||
		!d.ends.rising(uint32(chunks)) || n > 0 && d.ends.at(uint32(n-1)) != uint32(chunks) || n == 0 && chunks != 0 {
		return false
	}
	for i := range uint32(n) {
		if d.order.at(i) >= uint32(n) {
			return false
		}
	}
	for i := 1; i < n; i++ { // strictly: no id twice, hence every document once
		before, this := d.id(d.order.at(uint32(i-1))), d.id(d.order.at(uint32(i)))
		if bytes.Compare(before[:], this[:]) >= 0 {
			return false
		}
	}
	return true
}
