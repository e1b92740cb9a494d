package segment

import (
	"encoding/binary"
	"math"
)

// BlockSize is how many postings are decoded at a time.
const BlockSize = 128

// Postings are the chunks in which a term occurs, in order, with how often.
//
// They are encoded in blocks of BlockSize. A list of more than one block begins
// with a directory of the blocks, by which whole blocks are left out: the last
// chunk of each, where it begins, and the largest count and the smallest length
// of a chunk in it, which bound what any posting of the block can be worth
// (block-max indexes, Ding and Suel, SIGIR 2011). A posting is the distance to the
// chunk before, doubled, plus one when the count is one; another count follows.
type Postings struct {
	count uint32
	bytes []byte
}

// Count is the number of chunks.
func (p Postings) Count() uint32 { return p.count }

const directoryBytes = 4 * numberBytes // a block

func (p Postings) blocks() uint32 { return (p.count + BlockSize - 1) / BlockSize }

// split returns the directory and what follows it; ok is false if there is less
// than the count asks for.
func (p Postings) split() (directory, blocks []byte, ok bool) {
	if p.count <= BlockSize {
		return nil, p.bytes, true
	}
	size := uint64(p.blocks()) * directoryBytes
	if size > uint64(len(p.bytes)) {
		return nil, nil, false
	}
	return p.bytes[:size], p.bytes[size:], true
}

// Bound is what is known of the postings of a block before it is decoded.
type Bound struct {
	Last      uint32 // chunk
	MaxCount  uint32
	MinLength uint32 // of the chunks, in words
}

// Cursor goes through postings block by block.
type Cursor struct {
	// Chunks and Counts are the postings of the block that was decoded last.
	Chunks, Counts []uint32

	postings          Postings
	directory, blocks []byte
	next              uint32 // block
	limit             uint32 // chunks of the segment
	buffer            *[2 * BlockSize]uint32
}

// Cursor begins before the first block. No chunk at or beyond limit comes out of
// it, whatever the bytes are.
func (p Postings) Cursor(limit uint32) (c Cursor) {
	c.Begin(p, limit)
	return c
}

// Begin takes a cursor, the zero one too, before the first block of other postings, as
// Postings.Cursor does. What it decoded is gone.
func (c *Cursor) Begin(p Postings, limit uint32) {
	directory, blocks, ok := p.split()
	if !ok {
		p.count = 0
	}
	buffer := c.buffer // most lists are short, and it is long
	if buffer == nil {
		buffer = new([2 * BlockSize]uint32)
	}
	*c = Cursor{postings: p, directory: directory, blocks: blocks, limit: limit, buffer: buffer}
}

// Next decodes the next block. It returns false after the last one, and where the
// bytes make no sense.
func (c *Cursor) Next() bool {
	if c.next >= c.postings.blocks() {
		return false
	}
	n := min(c.postings.count-c.next*BlockSize, BlockSize)
	before, start := int64(-1), uint32(0)
	if c.directory != nil {
		start = numbers(c.directory).at(c.next*4 + 1)
		if c.next > 0 {
			before = int64(numbers(c.directory).at((c.next - 1) * 4))
		}
	}
	c.next++
	if uint64(start) > uint64(len(c.blocks)) || !c.decode(c.blocks[start:], n, before) {
		c.next = math.MaxUint32
		return false
	}
	return true
}

// Bound is that of the n-th block; known is false if there is none.
func (c *Cursor) Bound(n uint32) (b Bound, known bool) {
	if c.directory == nil || n >= c.postings.blocks() {
		return Bound{}, false
	}
	at, d := n*4, numbers(c.directory)
	return Bound{Last: d.at(at), MaxCount: d.at(at + 2), MinLength: d.at(at + 3)}, true
}

// Seek decodes the next block that ends at or after a chunk. It returns false where
// Next does.
func (c *Cursor) Seek(chunk uint32) bool {
	for bound, known := c.Bound(c.next); known && bound.Last < chunk; bound, known = c.Bound(c.next) {
		c.next++
	}
	return c.Next()
}

// decode reads n postings after a chunk.
func (c *Cursor) decode(in []byte, n uint32, before int64) bool {
	c.Chunks, c.Counts = c.buffer[:n], c.buffer[BlockSize:][:n]
	last := before
	for i := range c.Chunks {
		step, size := uvarint(in)
		if size == 0 {
			return false
		}
		in = in[size:]
		last += int64(step>>1) + 1
		if last >= int64(c.limit) {
			return false
		}
		c.Chunks[i], c.Counts[i] = uint32(last), 1
		if step&1 == 0 {
			count, size := uvarint(in)
			if size == 0 || count > math.MaxUint32 {
				return false
			}
			in = in[size:]
			c.Counts[i] = uint32(count)
		}
	}
	return true
}

// uvarint is binary.Uvarint, with the one byte that most numbers are read first.
func uvarint(in []byte) (value uint64, size int) {
	if len(in) > 0 && in[0] < 0x80 {
		return uint64(in[0]), 1
	}
	value, size = binary.Uvarint(in)
	if size < 0 || value > math.MaxUint32<<1 {
		return 0, 0
	}
	return value, size
}
