package seal

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
)

// Kind says what an object holds.
type Kind uint8

// The kinds of objects.
const (
	Lexicon Kind = iota + 1 // how the text is split and indexed
	Vectors
	Text
	Source // the document as it was uploaded
)

var kindNames = map[Kind]string{Lexicon: "lex", Vectors: "vec", Text: "text", Source: "src"}

func (k Kind) String() string { return kindNames[k] }

// The encoding of an object's header, all integers big-endian:
//
//	"BHS1" | u16 version | u32 length of the rest | tenant 16 | object 16 | u8 kind |
//	dek 16 | u32 embedder revision | u16 dims | u8 codec | u32 n | (u8 type, u32 plain, u32 sealed) * n
const (
	magic         = "BHS1"
	formatVersion = 1
	preludeBytes  = len(magic) + 2 + 4
	fixedBytes    = 16 + 16 + 1 + 16 + 4 + 2 + 1 + 4
	infoBytes     = 1 + 4 + 4
	maxHeader     = 64 << 10 // of the length field

	blockData uint8 = 1
)

// Header describes an object. It is not secret but authenticated with every block.
type Header struct {
	Tenant, Object uuid.UUID
	Kind           Kind
	DEK            uuid.UUID
	Embedder       uint32 // revision of what made vectors, 0 without
	Dims           uint16 // of vectors, 0 without
	Codec          uint8  // 0: not compressed
	Blocks         []BlockInfo
}

// BlockInfo describes one block.
type BlockInfo struct {
	Type          uint8
	Plain, Sealed uint32 // bytes
}

// Len is the plain length of all blocks together.
func (h Header) Len() int64 {
	var sum int64
	for _, b := range h.Blocks {
		sum += int64(b.Plain)
	}
	return sum
}

// Span returns the first and last block that hold the plain bytes [start,
// end), and the offset of the first one. The range must lie within Len.
func (h Header) Span(start, end int64) (first, last int, offset int64) {
	for first < len(h.Blocks)-1 && offset+int64(h.Blocks[first].Plain) <= start {
		offset += int64(h.Blocks[first].Plain)
		first++
	}
	last = first
	for reached := offset + int64(h.Blocks[first].Plain); reached < end && last < len(h.Blocks)-1; {
		last++
		reached += int64(h.Blocks[last].Plain)
	}
	return first, last, offset
}

func (h Header) encode() ([]byte, error) {
	length := fixedBytes + infoBytes*len(h.Blocks)
	if length > maxHeader {
		return nil, fmt.Errorf("object of %d blocks is too large", len(h.Blocks))
	}
	out := make([]byte, 0, preludeBytes+length)
	out = append(out, magic...)
	out = binary.BigEndian.AppendUint16(out, formatVersion)
	out = binary.BigEndian.AppendUint32(out, uint32(length))
	out = append(out, h.Tenant[:]...)
	out = append(out, h.Object[:]...)
	out = append(out, byte(h.Kind))
	out = append(out, h.DEK[:]...)
	out = binary.BigEndian.AppendUint32(out, h.Embedder)
	out = binary.BigEndian.AppendUint16(out, h.Dims)
	out = append(out, h.Codec)
	out = binary.BigEndian.AppendUint32(out, uint32(len(h.Blocks)))
	for _, b := range h.Blocks {
		out = append(out, b.Type)
		out = binary.BigEndian.AppendUint32(out, b.Plain)
		out = binary.BigEndian.AppendUint32(out, b.Sealed)
	}
	return out, nil
}

// DecodeHeader reads a header and nothing else: any other length, an unknown
// version, kind or codec, or block lengths that no sealed block can have are
// ErrCorrupt. It allocates no more than the input's size allows.
func DecodeHeader(in []byte) (Header, error) {
	if len(in) < preludeBytes+fixedBytes || string(in[:len(magic)]) != magic {
		return Header{}, fmt.Errorf("%w: not an object", ErrCorrupt)
	}
	version := binary.BigEndian.Uint16(in[len(magic):])
	length := binary.BigEndian.Uint32(in[len(magic)+2:])
	if version != formatVersion || length > maxHeader || int(length) != len(in)-preludeBytes {
		return Header{}, fmt.Errorf("%w: version or length of the header", ErrCorrupt)
	}
	body := in[preludeBytes:]
	h := Header{
		Tenant: uuid.UUID(body[:16]), Object: uuid.UUID(body[16:32]), Kind: Kind(body[32]), DEK: uuid.UUID(body[33:49]),
		Embedder: binary.BigEndian.Uint32(body[49:]), Dims: binary.BigEndian.Uint16(body[53:]), Codec: body[55],
	}
	n := binary.BigEndian.Uint32(body[56:])
	if kindNames[h.Kind] == "" || h.Codec != 0 || n == 0 || int64(n)*int64(infoBytes) != int64(len(body)-fixedBytes) {
		return Header{}, fmt.Errorf("%w: kind, codec or number of blocks", ErrCorrupt)
	}
	err := h.decodeBlocks(body[fixedBytes:], int(n))
	return h, err
}

func (h *Header) decodeBlocks(in []byte, n int) error {
	h.Blocks = make([]BlockInfo, n)
	for i := range h.Blocks {
		at := in[i*infoBytes:]
		b := BlockInfo{Type: at[0], Plain: binary.BigEndian.Uint32(at[1:]), Sealed: binary.BigEndian.Uint32(at[5:])}
		if b.Type != blockData || b.Plain > MaxBlock || b.Sealed != b.Plain+nonceBytes+tagBytes {
			return fmt.Errorf("%w: length of block %d", ErrCorrupt, i)
		}
		h.Blocks[i] = b
	}
	return nil
}
