package segment

import (
	"encoding/binary"
	"math"
)

// postingWriter encodes the postings of one term at a time.
type postingWriter struct {
	count  uint32
	last   int64 // chunk
	block  Bound // that is being filled
	starts numbers
	blocks []byte
}

// reset begins another term.
func (w *postingWriter) reset() {
	w.count, w.last = 0, -1
	w.starts, w.blocks = w.starts[:0], w.blocks[:0]
}

// add appends a posting. Chunks come in order.
func (w *postingWriter) add(chunk, count, length uint32) {
	if w.count%BlockSize == 0 {
		w.closeBlock()
		w.starts = w.starts.append(0).append(uint32(len(w.blocks)))
		w.block = Bound{MinLength: math.MaxUint32}
	}
	step := uint64(int64(chunk)-w.last-1) << 1
	if count == 1 {
		w.blocks = binary.AppendUvarint(w.blocks, step|1)
	} else {
		w.blocks = binary.AppendUvarint(w.blocks, step)
		w.blocks = binary.AppendUvarint(w.blocks, uint64(count))
	}
	w.last, w.count = int64(chunk), w.count+1
	w.block.MaxCount, w.block.MinLength = max(w.block.MaxCount, count), min(w.block.MinLength, length)
}

// closeBlock writes the rest of a block's entry in the directory.
func (w *postingWriter) closeBlock() {
	if w.count == 0 {
		return
	}
	binary.LittleEndian.PutUint32(w.starts[len(w.starts)-2*numberBytes:], uint32(w.last))
	w.starts = w.starts.append(w.block.MaxCount).append(w.block.MinLength)
}

// appendTo appends the encoded list.
func (w *postingWriter) appendTo(out []byte) []byte {
	w.closeBlock()
	if w.count > BlockSize {
		out = append(out, w.starts...)
	}
	return append(out, w.blocks...)
}
