package answer

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxScheme   = 32 // bytes of a word that can be a URL's scheme
	schemeSlash = "://"
	// marks are the characters that end a sentence, a quotation or an emphasis and not a
	// URL, and brackets those that renderers may take for more of it.
	marks, brackets = ".,;:!?*_~'\")", "]}>|`"
	trailing        = marks + brackets
	// active are the characters by which Markdown or HTML sees in a URL more than that, or
	// another one. No URL needs them.
	active = "<>[]\"`|\\"
	// behind are the characters that end a URL in a source, beside blanks.
	behind = "<>\"'`)]}|\\"
)

// opaque are schemes that need no slashes.
var opaque = []string{"data", "javascript", "mailto", "sms", "tel", "vbscript", "xmpp"}

// allowed are the URLs of the sources.
type allowed []string

func allowedIn(sources []Source) allowed {
	texts := make(allowed, 0, 2*len(sources))
	for _, s := range sources {
		texts = append(texts, s.Title, s.Text)
	}
	return texts
}

// link reports whether exactly this http or https URL occurs.
func (a allowed) link(url []byte) bool {
	lower := bytes.ToLower(url[:min(len(url), len("https://"))])
	return (bytes.HasPrefix(lower, []byte("http://")) || string(lower) == "https://") && a.occurs(string(url))
}

// bare reports the same also of a URL that begins with www.
func (a allowed) bare(url []byte) bool {
	return a.link(url) || startsWWW(url) && a.occurs(string(url))
}

func (a allowed) occurs(url string) bool {
	return !strings.ContainsFunc(url, isActive) && slices.ContainsFunc(a, func(text string) bool { return occurs(text, url) })
}

// occurs reports whether text has url with nothing around it that belongs to it.
func occurs(text, url string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], url)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(url)
		if (start == 0 || !isScheme(text[start-1])) && endsURL(text[end:]) {
			return true
		}
		at = start + 1
	}
}

// endsURL reports whether rest can not go on with what comes before it.
func endsURL(rest string) bool {
	rest = strings.TrimLeft(rest, ".,;:!?*_~")
	return rest == "" || isBlank(rest[0]) || strings.IndexByte(behind, rest[0]) >= 0
}

// isActive reports whether r makes more of a text than a URL.
func isActive(r rune) bool {
	return r <= ' ' || r == 0x7f || r == utf8.RuneError || strings.ContainsRune(active, r)
}

// isScheme reports whether c can be of a scheme.
func isScheme(c byte) bool {
	return isAlphanumeric(c) || c == '+' || c == '-' || c == '.'
}

// startsWWW reports whether text starts with www. and what may be a domain: renderers take
// www.@name for one, which leads to name.
func startsWWW(text []byte) bool {
	const www = "www."
	return len(text) > len(www) && strings.EqualFold(string(text[:len(www)]), www) && !isBlank(text[len(www)]) && text[len(www)] != '<'
}

// word passes a word on, unless a URL begins with it.
func (s *Sanitiser) word(held []byte, ended bool) int {
	n := 1
	for n < min(len(held), maxScheme) && isScheme(held[n]) {
		n++
	}
	if n == len(held) && n < maxScheme && !ended {
		return 0
	}
	word, rest := held[:n], held[n:]
	if startsWWW(held) {
		return s.url(held, ended)
	}
	if len(rest) > 0 && rest[0] == ':' && n < maxScheme {
		switch known, slashes := startsSlash(rest, ended); {
		case !known:
			return 0
		case slashes, isOpaque(word) && len(rest) > 1 && !isBlank(rest[1]):
			return s.url(held, ended)
		}
	}
	return s.pass(word)
}

func isOpaque(word []byte) bool { return slices.Contains(opaque, strings.ToLower(string(word))) }

// startsSlash reports whether text starts with ://, if it is long enough to know.
func startsSlash(text []byte, ended bool) (known, slashes bool) {
	if len(text) < len(schemeSlash) && !ended && strings.HasPrefix(schemeSlash, string(text)) {
		return false, false
	}
	return true, bytes.HasPrefix(text, []byte(schemeSlash))
}

// colon catches a URL whose scheme was no word, and disarms the definition of a link
// elsewhere in the answer, [name]: URL, which need not even have a scheme.
func (s *Sanitiser) colon(held []byte, ended bool) int {
	if s.tail == ']' {
		s.part()
	}
	switch known, slashes := startsSlash(held, ended); {
	case !known:
		return 0
	case slashes:
		return s.url(held, ended)
	}
	return s.pass(held[:1])
}

// url removes a bare URL unless it may stay. A renderer's URL reaches to a blank or
// a tag, so all of that must be the URL, but for punctuation. That is set apart where it
// is more than ends a sentence: there renderers take it along.
func (s *Sanitiser) url(held []byte, ended bool) int {
	n := bytes.IndexFunc(window(held), func(r rune) bool { return r == '<' || r < utf8.RuneSelf && isBlank(byte(r)) })
	switch {
	case n < 0 && undecided(held, ended):
		return 0
	case n < 0 && len(held) >= maxHold: // too long to be of use, and its end is not known
		s.remove()
		return maxHold
	case n < 0:
		n = len(held)
	}
	url, text := held[:n], false
	if i := bytes.Index(url, []byte("](")); i > 0 && s.tail == '[' {
		url, text = url[:i], true // of a link
	}
	shortest := len(bytes.TrimRight(url, trailing))
	if strings.EqualFold(string(url[:shortest]), "www") { // and punctuation
		return s.pass(url[:shortest])
	}
	end := s.staying(url, shortest)
	if end == 0 {
		s.remove()
		return shortest
	}
	if text && end == len(url) { // destination sees to what comes behind it
		return s.pass(url)
	}
	return s.keep(held, end, ended)
}

// keep passes on the URL that held begins with, apart from what a renderer takes along.
func (s *Sanitiser) keep(held []byte, end int, ended bool) int {
	last, known := isLast(held[end:], ended)
	if !known {
		return 0
	}
	s.pass(held[:end])
	if !last {
		s.part()
	}
	return end
}

// staying is how much of url may stay, which is so much at least, or zero.
func (s *Sanitiser) staying(url []byte, shortest int) int {
	for end := min(len(url), shortest+maxTrailing); end >= shortest && !isScheme(s.tail); end-- {
		if s.allowed.bare(url[:end]) {
			return end
		}
	}
	return 0
}
