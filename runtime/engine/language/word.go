package language

import (
	"iter"
	"unicode"
	"unicode/utf8"
)

// maxWord bounds a word's bytes; a longer run of letters is several words, which
// keeps hostile text from making terms of any size.
const maxWord = 64

// Words yields the words of text: runs of letters, digits and marks, with an
// apostrophe between letters ("driver's") and a full stop or comma between digits
// ("2.5") as part of them, and ideographs one by one. A mark that is not inside a
// word, as after a symbol, is of none. These are the word boundaries of
// Unicode's UAX #29, without its rarer rules.
func Words(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at := 0; at < len(text); {
			size := wordLength(text[at:])
			if size > 0 && !yield(text[at:at+size]) {
				return
			}
			if size == 0 {
				_, size = utf8.DecodeRuneInString(text[at:])
			}
			at += size
		}
	}
}

// wordLength is the length of the word that text begins with, 0 if it does not.
func wordLength(text string) int {
	end := 0
	last := utf8.RuneError
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		switch {
		case end+size > maxWord, end == 0 && unicode.IsMark(r):
			return end
		case standsAlone(r) && end == 0:
			return size
		case standsAlone(r), !inWord(r) && !joins(last, r, text[end+size:]):
			return end
		}
		last = r
		end += size
	}
	return end
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// standsAlone tells the scripts that are written without blanks between words.
func standsAlone(r rune) bool {
	return r >= 0x2E80 && unicode.In(r, unicode.Han, unicode.Hiragana)
}

// joins tells whether r, between last and the text after it, is inside a word.
func joins(last, r rune, after string) bool {
	switch r {
	case '\'', '’':
		next, _ := utf8.DecodeRuneInString(after)
		return unicode.IsLetter(last) && unicode.IsLetter(next)
	case '.', ',':
		next, _ := utf8.DecodeRuneInString(after)
		return unicode.IsDigit(last) && unicode.IsDigit(next)
	}
	return false
}
