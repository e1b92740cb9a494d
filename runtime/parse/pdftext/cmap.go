package pdftext

import (
	"unicode/utf16"
)

// cmap maps the codes of a font to text (a ToUnicode CMap).
type cmap struct {
	lengths [5]bool // of codes, in bytes
	chars   map[code]string
	ranges  []codeRange
}

// code is what a string shows a glyph by: so many bytes, big-endian.
type code struct {
	value  uint32
	length int
}

type codeRange struct {
	low, high code
	text      string   // of low; the last unit rises with the code
	each      []string // or one text a code
}

const maxMappings = 1 << 17 // of a font

func parseCMap(data []byte) *cmap {
	m := &cmap{chars: map[code]string{}}
	l := lexer{data: data}
	var operands []operand
	for {
		o, ok := l.next(0)
		if !ok || len(m.chars)+len(m.ranges) > maxMappings {
			return m
		}
		if o.kind != operator {
			operands = append(operands, o)
			continue
		}
		m.apply(string(o.text), operands)
		operands = operands[:0]
	}
}

func (m *cmap) apply(operation string, o []operand) {
	switch operation {
	case "endcodespacerange":
		for i := 0; i+1 < len(o); i += 2 {
			if n := len(o[i].text); n > 0 && n < len(m.lengths) {
				m.lengths[n] = true
			}
		}
	case "endbfchar":
		for i := 0; i+1 < len(o); i += 2 {
			m.chars[codeOf(o[i].text)] = textOf(o[i+1].text)
		}
	case "endbfrange":
		for i := 0; i+2 < len(o); i += 3 {
			r := codeRange{low: codeOf(o[i].text), high: codeOf(o[i+1].text), text: textOf(o[i+2].text)}
			for _, each := range o[i+2].list {
				r.each = append(r.each, textOf(each.text))
			}
			m.ranges = append(m.ranges, r)
		}
	}
}

func codeOf(b []byte) code {
	c := code{length: len(b)}
	for _, x := range b {
		c.value = c.value<<8 | uint32(x)
	}
	return c
}

// textOf decodes UTF-16, big-endian.
func textOf(b []byte) string {
	if len(b) == 1 {
		return string(rune(b[0]))
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(units))
}

func (m *cmap) text(c code) (string, bool) {
	if text, ok := m.chars[c]; ok {
		return text, true
	}
	for _, r := range m.ranges {
		if r.low.length != c.length || c.value < r.low.value || c.value > r.high.value {
			continue
		}
		offset := c.value - r.low.value
		if r.each != nil {
			if int64(offset) < int64(len(r.each)) {
				return r.each[offset], true
			}
			return "", false
		}
		runes := []rune(r.text)
		if len(runes) == 0 {
			return "", true
		}
		runes[len(runes)-1] += rune(offset)
		return string(runes), true
	}
	return "", false
}
