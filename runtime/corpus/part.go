package corpus

// part is a piece of an index in memory. Views that list it share it. The cache guards
// its counts, and zeroes its plaintext when the last of those views is let go of.
type part struct {
	plain []byte // that segments and vectors read; nil of a basis
	bytes int64  // of memory
	views int    // that share it
	// counted: it is, or was, of a view that is cached, and its bytes count until they
	// are zeroed.
	counted bool
}

func newPart(plain []byte) *part { return &part{plain: plain, bytes: int64(len(plain))} }

// zero leaves nothing of the plaintext, nor of what there was room for behind it.
func (p *part) zero() { clear(p.plain[:cap(p.plain)]) }
