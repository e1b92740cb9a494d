package engine

import (
	"iter"
	"strings"
)

// blockKind is what a block is to its reader.
type blockKind int

const (
	paragraph blockKind = iota
	item                // of a list
	row                 // of a table
	fence               // of code, its ``` lines included
	heading
)

// block is one element of a text's structure. Blocks follow one another in order
// and leave nothing but blanks between them.
type block struct {
	kind  blockKind
	span  span // all of it
	body  span // without the marker that a heading or an item begins with
	level int  // of a heading, 1 to 6
}

// blocks yields the blocks of text. It reads every line once and holds one block,
// so its memory does not grow with the text.
func blocks(text string, media Media) iter.Seq[block] {
	return func(yield func(block) bool) {
		scan := blockScanner{text: text, media: media, yield: yield}
		for start := 0; start < len(text) && !scan.stopped; {
			end := len(text)
			if newline := strings.IndexByte(text[start:], '\n'); newline >= 0 {
				end = start + newline
			}
			scan.line(span{start, end}.trim(text))
			start = end + 1
		}
		scan.close()
	}
}

// blockScanner reads lines and yields the blocks they make.
type blockScanner struct {
	text    string
	media   Media
	yield   func(block) bool
	stopped bool

	open      block // the block that the next line may belong to, if any
	isOpen    bool
	multiline bool   // the open block has more than one line
	fenceMark string // what closes the open fence
}

// line takes the next line, blanks at its ends removed.
func (s *blockScanner) line(at span) {
	line := at.of(s.text)
	switch {
	case s.isOpen && s.open.kind == fence:
		s.extend(at)
		if closesFence(line, s.fenceMark) {
			s.close()
		}
	case line == "":
		s.close()
	case s.media == Markdown && s.markdown(at, line):
	case itemMarker(line) > 0:
		s.begin(item, at, itemMarker(line))
	case s.isOpen:
		s.extend(at)
	default:
		s.begin(paragraph, at, 0)
	}
}

// markdown takes a line that means something in Markdown only.
func (s *blockScanner) markdown(at span, line string) bool {
	if level := underlineLevel(line); level > 0 && s.isOpen && s.open.kind == paragraph && !s.multiline {
		s.open.kind, s.open.level = heading, level
		s.open.span.end = at.end
		s.close()
		return true
	}
	if level := headingLevel(line); level > 0 {
		s.begin(heading, at, level)
		s.open.level = level
		s.open.body.end -= len(line) - len(strings.TrimRight(line, "# \t"))
		s.open.body.end = max(s.open.body.start, s.open.body.end)
		s.close()
		return true
	}
	if mark := fenceMark(line); mark != "" {
		s.begin(fence, at, 0)
		s.fenceMark = mark
		return true
	}
	if strings.HasPrefix(line, "|") {
		s.begin(row, at, 0)
		s.close()
		return true
	}
	return false
}

// begin opens a block at a line whose first marker bytes are its marker.
func (s *blockScanner) begin(kind blockKind, at span, marker int) {
	s.close()
	body := span{at.start + marker, at.end}.trim(s.text)
	s.open, s.isOpen, s.multiline = block{kind: kind, span: at, body: body}, true, false
}

func (s *blockScanner) extend(at span) {
	if at.len() > 0 {
		s.open.span.end, s.open.body.end, s.multiline = at.end, at.end, true
	}
}

func (s *blockScanner) close() {
	if s.isOpen && !s.stopped {
		s.stopped = !s.yield(s.open)
	}
	s.isOpen = false
}

// headingLevel is the level of an ATX heading, 0 for another line.
func headingLevel(line string) int {
	level := 0
	for level < len(line) && level < 7 && line[level] == '#' {
		level++
	}
	if level > 6 || level < len(line) && line[level] != ' ' && line[level] != '\t' {
		return 0
	}
	return level
}

// underlineLevel is the level of the heading that a setext underline makes of the
// line above, 0 for another line.
func underlineLevel(line string) int {
	switch {
	case len(line) < 2:
		return 0
	case strings.Trim(line, "=") == "":
		return 1
	case strings.Trim(line, "-") == "":
		return 2
	}
	return 0
}

// fenceMark is the run of backticks or tildes that opens fenced code, if line does.
func fenceMark(line string) string {
	for _, mark := range []string{"`", "~"} {
		run := len(line) - len(strings.TrimLeft(line, mark))
		if run >= 3 && !(mark == "`" && strings.Contains(line[run:], mark)) {
			return line[:run]
		}
	}
	return ""
}

func closesFence(line, mark string) bool {
	return strings.HasPrefix(line, mark) && strings.Trim(line, mark[:1]) == ""
}

// itemMarker is the length of the bullet or number that a list item begins with, 0
// for another line.
func itemMarker(line string) int {
	const maxDigits = 9 // as CommonMark has it
	digits := 0
	for digits < len(line) && digits < maxDigits && '0' <= line[digits] && line[digits] <= '9' {
		digits++
	}
	if digits+1 >= len(line) || line[digits+1] != ' ' && line[digits+1] != '\t' {
		return 0
	}
	markers := ".)"
	if digits == 0 {
		markers = "-*+"
	}
	if strings.IndexByte(markers, line[digits]) < 0 {
		return 0
	}
	return digits + 1
}
