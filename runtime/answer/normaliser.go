package answer

const markLead, markTrail = 0xCB, 0x86 // mark in UTF-8

// normaliser undoes what could hide a URL from a reader of plain text: it drops
// backslashes that escape a colon or a slash, and writes blanks for marks that a model
// copied from its sources.
type normaliser struct {
	lead        bool // the first byte of a mark arrived
	backslashes int  // that arrived since
}

// accept appends what can be said of a byte and those before it.
func (n *normaliser) accept(to []byte, c byte) []byte {
	if n.lead && c == markTrail {
		n.lead = false
		return append(to, ' ')
	}
	if n.lead || n.backslashes > 0 && c != '\\' && c != ':' && c != '/' {
		to = n.rest(to)
	}
	switch c {
	case markLead:
		to = n.rest(to)
		n.lead = true
	case '\\':
		n.backslashes++
	default:
		n.backslashes = 0
		to = append(to, c)
	}
	return to
}

// rest appends what was waiting for a byte that did not come.
func (n *normaliser) rest(to []byte) []byte {
	if n.lead {
		to = append(to, markLead)
	}
	for range n.backslashes {
		to = append(to, '\\')
	}
	*n = normaliser{}
	return to
}
