package segment

import "encoding/binary"

// chunks are the chunks of a segment, document by document. Each is five numbers.
type chunks []byte

const chunkBytes = 5 * numberBytes

func (c chunks) len() int { return len(c) / chunkBytes }

func (c chunks) field(chunk uint32, n int) uint32 {
	return binary.LittleEndian.Uint32(c[int(chunk)*chunkBytes+n*numberBytes:])
}

func (c chunks) document(chunk uint32) uint32 { return c.field(chunk, 0) }
func (c chunks) length(chunk uint32) uint32   { return c.field(chunk, 1) }
func (c chunks) heading(chunk uint32) uint32  { return c.field(chunk, 2) }

func (c chunks) span(chunk uint32) (start, end uint32) { return c.field(chunk, 3), c.field(chunk, 4) }

func (c chunks) append(document, length, heading, start, end uint32) chunks {
	for _, value := range []uint32{document, length, heading, start, end} {
		c = binary.LittleEndian.AppendUint32(c, value)
	}
	return c
}

// check reports whether every chunk is of the document that has it and under a
// heading that there is.
func (c chunks) check(of *documents, headings int) bool {
	for n := range uint32(of.len()) {
		first, end := of.chunks(n)
		for chunk := first; chunk < end; chunk++ {
			start, stop := c.span(chunk)
			if c.document(chunk) != n || c.heading(chunk) >= uint32(headings) || start > stop {
				return false
			}
		}
	}
	return true
}
