package corpus

// memory is what an open object of an index takes. Views that list the object share it.
// The cache guards its counts, and zeroes its plaintext when the last of those views is
// let go of.
type memory struct {
	plain []byte // that segments and vectors read; nil of a basis
	bytes int64
	views int // that share it
	// counted: it is, or was, of a view that is cached, and its bytes count until they
	// are zeroed.
	counted bool
}

func newMemory(plain []byte) *memory { return &memory{plain: plain, bytes: int64(len(plain))} }

// zero leaves nothing of the plaintext, nor of what there was room for behind it.
func (m *memory) zero() { clear(m.plain[:cap(m.plain)]) }
