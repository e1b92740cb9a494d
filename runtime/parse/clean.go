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
// text or split words, unless one sees what they do.
func visible(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	before := rune(0)
	for i, r := range text {
		if unseen(r) && !acts(before, r, text[i+utf8.RuneLen(r):]) {
			continue
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// acts reports whether one sees what r, which has no width, does between two characters: a
// joiner where scripts need it, or the one selector that has an emoji drawn as such or as text.
func acts(before, r rune, rest string) bool {
	after, _ := utf8.DecodeRuneInString(rest)
	switch r {
	case nonJoiner, joiner:
		return before >= firstJoining && before != nonJoiner && before != joiner && after >= firstJoining && !unseen(after)
	case asText, asEmoji:
		return before != 0 && !unseen(before) && !unicode.IsSpace(before)
	}
	return false
}

// firstJoining is where the scripts begin that are written with joiners; emoji are
// above it, too.
const firstJoining = '\u0590'

const nonJoiner, joiner, asText, asEmoji = '\u200c', '\u200d', '\ufe0e', '\ufe0f'

// unseen reports whether r has no width and no meaning for one who reads: control
// characters other than blanks, format characters (bidirectional controls, byte order
// marks, soft hyphens, tags), selectors, and fillers and what else Unicode has ignored,
// assigned or not. All can carry text that nobody sees.
func unseen(r rune) bool {
	if ' ' <= r && r < 0x7f { // as most are
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) && !unicode.IsSpace(r)
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
