package answer

import (
	"bytes"
	"strings"
)

// maxTrailing is how much punctuation may follow a link.
const maxTrailing = 8 // bytes

// destination removes the destination of a Markdown link or image, (URL) right behind
// a bracket, unless it may stay. What can be no destination is set apart instead.
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
	if s.allowedDestination(held[1:end]) {
		s.pass(held[:end+1])
	} else {
		s.removed++
	}
	if !last { // else a renderer that sees no link here may see a longer URL
		s.part()
	}
	return end + 1
}

func (s *Sanitiser) allowedDestination(text []byte) bool {
	text = bytes.Trim(text, " \t\n\v\f\r") // no other blanks are blanks to Markdown
	if len(text) > 1 && text[0] == '<' && text[len(text)-1] == '>' {
		text = text[1 : len(text)-1]
	}
	return s.allowed.link(text)
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

// isLast reports whether nothing but punctuation comes before the next blank or tag,
// if text is long enough to know.
func isLast(text []byte, ended bool) (last, known bool) {
	for i, c := range text[:min(len(text), maxTrailing)] {
		switch {
		case isBlank(c):
			return true, true
		case c == '<':
			return startsTag(text[i:]), ended || i+1 < len(text)
		case strings.IndexByte(trailing, c) < 0:
			return false, true
		}
	}
	return ended && len(text) < maxTrailing, ended || len(text) >= maxTrailing
}

// image turns a Markdown image into a link, unless it may stay. What destination then
// makes of the link is the same for both.
func (s *Sanitiser) image(held []byte, ended bool) int {
	seen := window(held)
	if len(seen) > 1 && seen[1] != '[' {
		return s.pass(held[:1])
	}
	label := bytes.IndexByte(seen, ']')
	end := -1
	if label > 0 && len(seen) > label+1 {
		if seen[label+1] != '(' {
			return s.pass(held[:1]) // of no definition, since colon leaves none
		}
		end = closing(seen[label+1:])
	}
	switch {
	case end < 0 && undecided(held, ended):
		return 0
	case end >= 0 && !s.allowedDestination(seen[label+2:label+1+end]):
		return 1
	}
	return s.pass(held[:1])
}
