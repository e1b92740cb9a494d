package answer

import "unicode/utf8"

// maxHold is how much of an answer is held back for one thing that may have to be
// removed: what is longer is no link that anybody needs.
const maxHold = 2048 // bytes

// Sanitiser passes on what a model says as it arrives, but for what a browser would
// fetch, follow or run: HTML tags, and Markdown links, autolinks and bare URLs, unless
// exactly that http or https URL stands in the sources. Of an image at most a link is
// left: images are fetched unasked, and a source with a URL for each letter would let a
// model spell what it read. It knows no code blocks: what they hold is removed alike.
// Names without a scheme, such as models.example, //models.example or me@models.example,
// are text unless they begin with www.
//
// It is a machine whose every step depends on the byte that it passed on last and on
// what is held, so that what is removed can not be put together from what is left:
// where something was taken out of a word, a blank stays. The result does not depend
// on how the answer is divided into pieces.
type Sanitiser struct {
	allowed allowed
	input   normaliser
	held    []byte // what may be the start of something to remove
	tail    byte   // the byte passed on last, zero at the start
	out     []byte
	removed int
}

// NewSanitiser makes a Sanitiser for an answer from the sources.
func NewSanitiser(sources []Source) *Sanitiser {
	return &Sanitiser{allowed: allowedIn(sources)}
}

// Write takes a piece of the answer and returns what can be passed on, in whole
// characters.
func (s *Sanitiser) Write(piece string) string {
	for i := range len(piece) {
		s.held = s.input.accept(s.held, piece[i])
	}
	return s.advance(false)
}

// Close ends the answer and returns the rest of it.
func (s *Sanitiser) Close() string {
	s.held = s.input.rest(s.held)
	return s.advance(true)
}

// Removed is how many things were removed or disarmed so far.
func (s *Sanitiser) Removed() int { return s.removed }

// advance decides about what is held, as far as it can. ended says that there is no
// more to come.
func (s *Sanitiser) advance(ended bool) string {
	rest := s.held
	for len(rest) > 0 {
		n := s.step(rest, ended)
		if n == 0 {
			break
		}
		rest = rest[n:]
	}
	s.held = append(s.held[:0], rest...)
	text := string(s.out)
	s.out = s.out[:0]
	return text
}

// step decides about the start of held and returns how much of it that is, or zero
// when more is needed to decide. A decision is never changed by what comes after.
func (s *Sanitiser) step(held []byte, ended bool) int {
	switch c := held[0]; {
	case c == '<':
		return s.tag(held, ended)
	case c == '!':
		return s.image(held, ended)
	case c == '(' && s.tail == ']':
		return s.destination(held, ended)
	case c == ':':
		return s.colon(held, ended)
	case c == '&':
		return s.reference(held, ended)
	case isLetter(c):
		return s.word(held, ended)
	case c >= utf8.RuneSelf:
		return s.character(held, ended)
	}
	return s.pass(held[:1])
}

// pass passes text on and returns its length.
func (s *Sanitiser) pass(text []byte) int {
	s.out = append(s.out, text...)
	s.tail = text[len(text)-1]
	return len(text)
}

// character passes a character on, and what is none as U+FFFD.
func (s *Sanitiser) character(held []byte, ended bool) int {
	if !utf8.FullRune(held) && !ended {
		return 0
	}
	r, size := utf8.DecodeRune(held)
	s.pass(utf8.AppendRune(nil, r))
	return size
}

// remove leaves a blank where something was taken out, unless there is one.
func (s *Sanitiser) remove() {
	s.removed++
	s.part()
}

// part keeps what comes next apart from what was passed on.
func (s *Sanitiser) part() {
	if s.tail != 0 && !isBlank(s.tail) {
		s.pass([]byte{' '})
	}
}

// undecided reports whether more of what is held could decide about it.
func undecided(held []byte, ended bool) bool { return !ended && len(held) < maxHold }

// window is the part of held by which it is decided.
func window(held []byte) []byte { return held[:min(len(held), maxHold)] }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isAlphanumeric(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' }

// isBlank reports whether c ends a URL in Markdown: of blanks, only ASCII's do.
func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
