package answer

import (
	"bytes"
	"html"
	"slices"
	"strings"
	"unicode/utf8"
)

// tag removes an HTML tag, a comment or an autolink. Of one that may stay the brackets go,
// for HTML sees a tag in it, with what lies between slashes as attributes. What never
// closes is set apart from its bracket.
func (s *Sanitiser) tag(held []byte, ended bool) int {
	if len(held) == 1 && !ended {
		return 0
	}
	if len(held) == 1 || !isLetter(held[1]) && strings.IndexByte("/!?", held[1]) < 0 {
		return s.pass(held[:1])
	}
	end := bytes.IndexByte(window(held), '>')
	switch {
	case end < 0 && undecided(held, ended):
		return 0
	case end < 0:
		s.pass(held[:1])
		s.remove()
		return 1
	case !s.allowed.link(held[1:end]):
		s.remove()
		return end + 1
	}
	last, known := isLast(held[end+1:], ended)
	if !known {
		return 0
	}
	if isScheme(s.tail) || s.tail == '<' {
		s.part()
	}
	s.pass(held[1:end])
	if !last {
		s.part()
	}
	return end + 1
}

// maxReference bounds a character reference, such as &eacute; or &#233;, in bytes.
const maxReference = 40

// needed are the characters that HTML can not do without a reference for.
var needed = []string{"&", "<", ">", "\"", "'"}

// reference removes a character reference that stands for a character of ASCII and
// is not needed: with those a URL can be hidden.
func (s *Sanitiser) reference(held []byte, ended bool) int {
	n := 1
	for n < min(len(held), maxReference) && (isAlphanumeric(held[n]) || held[n] == '#') {
		n++
	}
	if n == len(held) && n < maxReference && !ended {
		return 0
	}
	if n == len(held) || held[n] != ';' {
		return s.pass(held[:1])
	}
	reference := string(held[:n+1])
	stands := html.UnescapeString(reference)
	hides := strings.ContainsFunc(stands, func(r rune) bool { return r < utf8.RuneSelf })
	if hides && stands != reference && !slices.Contains(needed, stands) {
		s.remove()
		return n + 1
	}
	return s.pass(held[:n+1])
}
