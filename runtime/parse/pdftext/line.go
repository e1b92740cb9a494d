package pdftext

import (
	"math"
	"strings"
)

// Line is a line of text, in points of the page as text runs: y grows upwards.
type Line struct {
	Text   string
	X, End float64 // where the line begins and ends
	Y      float64 // of the baseline
	Size   float64 // of the largest letters
	Bold   bool    // all of it
}

// Distances in parts of the size of the letters.
const (
	wordGap     = 0.16 // between words, where no space is drawn
	overlapGap  = 0.6  // that a glyph may stand left of the end of the one before
	baselineGap = 0.45 // of superscripts
)

// mark is a glyph in its place.
type mark struct {
	text        string
	x, y, width float64
	size        float64
	turn        int // quarters of a turn, counterclockwise
	bold        bool
}

// place moves a mark of turned text to where it would stand on the turned page.
func (m mark) place() mark {
	switch m.turn {
	case 1:
		m.x, m.y = m.y, -m.x
	case 2:
		m.x, m.y = -m.x, -m.y
	case 3:
		m.x, m.y = -m.y, m.x
	}
	return m
}

// lineBuilder makes lines of marks in the order in which they are drawn.
type lineBuilder struct {
	lines []Line
	line  Line
	text  strings.Builder
	turn  int
	open  bool
}

func (b *lineBuilder) add(m mark) {
	m = m.place()
	if b.open && !b.continues(m) {
		b.close()
	}
	if !b.open {
		if strings.TrimSpace(m.text) == "" {
			return
		}
		b.line, b.turn, b.open = Line{X: m.x, End: m.x, Y: m.y, Bold: true}, m.turn, true
	}
	if m.x-b.line.End > wordGap*m.size && b.text.Len() > 0 {
		b.text.WriteByte(' ')
	}
	b.text.WriteString(m.text)
	b.line.End = math.Max(b.line.End, m.x+m.width)
	if strings.TrimSpace(m.text) != "" {
		b.line.Size = math.Max(b.line.Size, m.size)
		b.line.Bold = b.line.Bold && m.bold
	}
}

func (b *lineBuilder) continues(m mark) bool {
	size := math.Max(m.size, b.line.Size)
	return m.turn == b.turn && math.Abs(m.y-b.line.Y) <= baselineGap*size && m.x >= b.line.End-overlapGap*size
}

func (b *lineBuilder) close() {
	if b.line.Text = strings.Join(strings.Fields(b.text.String()), " "); b.line.Text != "" {
		b.lines = append(b.lines, b.line)
	}
	b.text.Reset()
	b.open = false
}

func (b *lineBuilder) done() []Line {
	b.close()
	return b.lines
}
