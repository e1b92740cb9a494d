package answer

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxTrailing is how much punctuation may follow a URL.
const maxTrailing = 8 // bytes

// destination removes the destination of a Markdown link, (URL) right behind a bracket,
// unless it may stay. What can be no destination is set apart instead.
func (s *Sanitiser) destination(held []byte, ended bool) int {
	end := closing(window(held))
	if end < 0 && undecided(held, ended) {
		return 0
	}
	if end < 0 || len(bytes.Fields(held[1:end])) > 1 {
		s.remove()
		return s.pass(held[:1])
	}
	last, known := isLast(held[end+1:], ended)
	if !known {
		return 0
	}
	if url := unquoted(held[1:end]); s.allowed.link(url) {
		s.pass(slices.Concat([]byte("("), url, []byte(")")))
	} else {
		s.removed++
	}
	if !last { // else a renderer that sees no link here may see a longer URL
		s.part()
	}
	return end + 1
}

// unquoted is the URL of a destination without the brackets that it may stand in, which
// HTML takes for a tag's.
func unquoted(text []byte) []byte {
	text = bytes.Trim(text, " \t\n\v\f\r") // no other blanks are blanks to Markdown
	if len(text) > 1 && text[0] == '<' && text[len(text)-1] == '>' {
		return text[1 : len(text)-1]
	}
	return text
}

// closing finds the parenthesis that closes the one text begins with, or -1.
func closing(text []byte) int {
	depth := 0
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// isLast reports whether nothing but punctuation, and a bracket before it at most, comes
// before the next blank, if text is long enough to know.
func isLast(text []byte, ended bool) (last, known bool) {
	for i, c := range text[:min(len(text), maxTrailing)] {
		switch {
		case isBlank(c):
			return true, true
		case strings.IndexByte(marks, c) < 0 && (i > 0 || strings.IndexByte(brackets, c) < 0):
			return false, true
		}
	}
	return ended && len(text) < maxTrailing, ended || len(text) >= maxTrailing
}

// image turns a Markdown image into a link, which is not fetched before somebody follows
// it. What may be one to some renderer is set apart from its mark.
func (s *Sanitiser) image(held []byte, ended bool) int {
	if len(held) == 1 && !ended {
		return 0
	}
	if len(held) == 1 || held[1] != '[' {
		return s.pass(held[:1])
	}
	label, rest, closed := bytes.Cut(window(held)[2:], []byte("]"))
	switch {
	case len(rest) == 0 && undecided(held, ended):
		return 0
	case bytes.HasPrefix(rest, []byte("(")):
		s.remove()
		return 1
	case closed && isPlain(label) && (len(rest) > 0 || ended): // of no definition, since colon leaves none
		return s.pass(held[:1])
	}
	s.pass(held[:1])
	s.part()
	return 1
}

// isPlain reports whether a label holds nothing that is removed or that hides where it ends.
func isPlain(label []byte) bool {
	return !bytes.ContainsFunc(label, func(r rune) bool {
		return r == utf8.RuneError || r < utf8.RuneSelf && !isAlphanumeric(byte(r)) && strings.IndexByte(" \n,;^_-", byte(r)) < 0
	})
}
