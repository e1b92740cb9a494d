package engine

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sentences yields the sentences of the prose in s. A sentence ends after its
// punctuation and what closes over it, before a blank that no small letter follows
// (the idea of Unicode's UAX #29, rules SB6 to SB11), unless the full stop belongs
// to an abbreviation.
func sentences(text string, s span) iter.Seq[span] {
	return func(yield func(span) bool) {
		start := s.start
		for at := s.start; at < s.end; {
			r, size := utf8.DecodeRuneInString(text[at:s.end])
			at += size
			if !endsSentence(text, r, span{start, at}, s.end) {
				continue
			}
			at += closers(text[at:s.end])
			if !yield(span{start, at}.trim(text)) {
				return
			}
			start = at
		}
		if last := (span{start, s.end}).trim(text); last.len() > 0 {
			yield(last)
		}
	}
}

// endsSentence tells whether the rune r, the last of sofar, ends its sentence.
func endsSentence(text string, r rune, sofar span, limit int) bool {
	switch r {
	case '。', '！', '？':
		return true
	case '.', '!', '?', '…':
	default:
		return false
	}
	after := text[sofar.end:limit]
	after = after[closers(after):]
	if next, _ := utf8.DecodeRuneInString(after); after != "" && !unicode.IsSpace(next) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(after, unicode.IsSpace))
	if unicode.IsLower(next) {
		return false
	}
	return r != '.' || !abbreviated(text[sofar.start:sofar.end-1])
}

// closers is the length of the quotes, brackets and emphasis that text begins with.
func closers(text string) int {
	return len(text) - len(strings.TrimLeft(text, `"')]}*_`+"”’»"))
}

// abbreviations take a full stop and rarely end a sentence.
var abbreviations = map[string]bool{
	"Dr": true, "Mr": true, "Mrs": true, "Ms": true, "Prof": true, "St": true,
	"No": true, "Nos": true, "Fig": true, "Eq": true, "Sec": true, "vs": true,
	"cf": true, "approx": true, "incl": true, "ext": true,
}

// abbreviated tells whether the word that prose ends with is an abbreviation: one
// of the list, an initial, or letters with full stops between them, as in "e.g".
func abbreviated(prose string) bool {
	const longest = 8
	tail := prose[max(0, len(prose)-longest):]
	word := strings.TrimLeft(tail[1+strings.LastIndexAny(tail, " \t\n"):], "([\"'")
	initial := len(word) == 1 && 'A' <= word[0] && word[0] <= 'Z'
	return initial || abbreviations[word] || len(word) == 3 && word[1] == '.' && unicode.IsLetter(rune(word[0]))
}
