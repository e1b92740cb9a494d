package parse

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes valid UTF-8 of text, with \n as the end of lines, and removes what nobody
// sees.
func clean(text string) string {
	return visible(strings.Map(lineEnd, strings.ReplaceAll(text, "\r\n", "\n")))
}

func lineEnd(r rune) rune {
	switch r {
	case '\r', '\f', '\v', '\u0085', '\u2028', '\u2029':
		return '\n'
	}
	return r
}

// Visible removes what nobody sees from valid UTF-8, as it is removed from files of every
// format, and leaves the rest, ends of lines included, as it is.
func Visible(text []byte) []byte {
	if !bytes.ContainsFunc(text, unseen) {
		return text
	}
	return []byte(visible(string(text)))
}

// visible removes what nobody sees: control characters, those that reorder text (which
// make a person read something else than a model), and those without width, which hide
// text or split words. Joiners stay between letters of the scripts that need them.
func visible(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	before := rune(0)
	for i, r := range text {
		if joiner(r) {
			after, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
			if before < firstJoining || after < firstJoining {
				continue
			}
		} else if unseen(r) {
			continue
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// firstJoining is where the scripts begin that are written with joiners; emoji are
// above it, too.
const firstJoining = '\u0590'

// joiner reports whether r joins its neighbours, or keeps them from joining.
func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// unseen reports whether r has no width and no meaning for one who reads: control
// characters other than blanks, format characters (bidirectional controls, byte order
// marks, soft hyphens, tags) and the selectors that can carry text nobody sees.
func unseen(r rune) bool {
	if ' ' <= r && r < 0x7f { // as most are
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf) && !unicode.IsSpace(r) || r >= 0xE0100 && r <= 0xE01EF
}

// cleanLine is clean for a title: one line of at most so many bytes.
func cleanLine(text string, most int) string {
	text = oneLine(clean(text))
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strings.TrimSpace(text[:most])
}
