package engine

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// span is a half-open range of bytes in a text.
type span struct{ start, end int }

func (s span) of(text string) string { return text[s.start:s.end] }

func (s span) len() int { return s.end - s.start }

// trim returns s without the blanks at its ends.
func (s span) trim(text string) span {
	s.start = s.end - len(strings.TrimLeftFunc(s.of(text), unicode.IsSpace))
	s.end = s.start + len(strings.TrimRightFunc(s.of(text), unicode.IsSpace))
	return s
}

// cut splits s into a head of at most limit bytes and the rest. It cuts at the
// last blank that fits, and inside a word, between two runes, only when there is
// none.
func (s span) cut(text string, limit int) (head, rest span) {
	if s.len() <= limit {
		return s, span{s.end, s.end}
	}
	at := s.start + limit
	if blank := strings.LastIndexFunc(text[s.start:at], unicode.IsSpace); blank > 0 {
		at = s.start + blank
	} else {
		at = runeStart(text, at)
	}
	return span{s.start, at}.trim(text), span{at, s.end}.trim(text)
}

// runeStart moves at back to the start of the rune it is in. Bytes that are no
// valid UTF-8 are runes of their own, as they are to a range loop.
func runeStart(text string, at int) int {
	for back := range utf8.UTFMax {
		if back < at && utf8.RuneStart(text[at-back]) {
			return at - back
		}
	}
	return at
}
