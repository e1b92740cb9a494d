package answer

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxMark bounds a citation such as [1] or [1, 2], in bytes.
const maxMark = 32

// Citation is a mark in an answer, [n], that cites a source.
type Citation struct {
	Source     int // from zero, as the sources were given
	Start, End int // of the mark in the answer, in bytes
}

// Citations finds the citations of an answer as it arrives: [1], and [1, 2], which
// becomes [1][2]. It removes those of sources that were not given. The result does
// not depend on how the answer is divided into pieces.
type Citations struct {
	sources int
	held    []byte // what may be the start of a mark
	passed  int    // bytes of the answer so far
	tail    byte   // its last byte, zero at the start
	out     []byte
	found   []Citation
	removed int
}

// NewCitations makes Citations of an answer from so many sources.
func NewCitations(sources int) *Citations { return &Citations{sources: sources} }

// Write takes a piece of the answer and returns what can be passed on, and the
// citations in it.
func (c *Citations) Write(piece string) (string, []Citation) {
	c.held = append(c.held, piece...)
	return c.advance(false)
}

// Close ends the answer and returns the rest of it.
func (c *Citations) Close() (string, []Citation) { return c.advance(true) }

// Removed is how many marks cited no source that was given.
func (c *Citations) Removed() int { return c.removed }

func (c *Citations) advance(ended bool) (string, []Citation) {
	rest := c.held
	for len(rest) > 0 {
		n := bytes.IndexByte(rest, '[')
		switch {
		case n < 0:
			n = len(rest)
			c.pass(rest)
		case n > 0:
			c.pass(rest[:n])
		default:
			n = c.mark(rest, ended)
		}
		if n == 0 {
			break
		}
		rest = rest[n:]
	}
	c.held = append(c.held[:0], rest...)
	text, found := string(c.out), c.found
	c.out, c.found = c.out[:0], nil
	return text, found
}

func (c *Citations) pass(text []byte) {
	c.out = append(c.out, text...)
	c.passed += len(text)
	c.tail = text[len(text)-1]
}

// mark decides about a bracket and returns how much of held that is, or zero when
// more is needed.
func (c *Citations) mark(held []byte, ended bool) int {
	n := 1
	for n < min(len(held), maxMark) && strings.IndexByte("0123456789, ", held[n]) >= 0 {
		n++
	}
	if n == len(held) && n < maxMark && !ended {
		return 0
	}
	numbers := strings.FieldsFunc(string(held[1:n]), func(r rune) bool { return r == ',' || r == ' ' })
	if n == maxMark || n == len(held) || held[n] != ']' || len(numbers) == 0 {
		c.pass(held[:1])
		return 1
	}
	c.cite(numbers)
	return n + 1
}

// cite passes on the marks of the numbers that are sources'. Where none is left a
// blank stays, so that what was around the marks is not joined.
func (c *Citations) cite(numbers []string) {
	var cited []int
	for _, text := range numbers {
		number, err := strconv.Atoi(text)
		switch {
		case err != nil || number < 1 || number > c.sources:
			c.removed++
		case !slices.Contains(cited, number):
			cited = append(cited, number)
		}
	}
	for _, number := range cited {
		start := c.passed
		c.pass(fmt.Appendf(nil, "[%d]", number))
		c.found = append(c.found, Citation{Source: number - 1, Start: start, End: c.passed})
	}
	if len(cited) == 0 && c.tail != 0 && !isBlank(c.tail) {
		c.pass([]byte{' '})
	}
}
