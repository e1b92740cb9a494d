package parse

import (
	"strings"
)

// writer makes Markdown. Past maxText it takes nothing more and text says so; a
// reader of a large file asks full once in a while.
type writer struct {
	title string
	out   strings.Builder
	last  blockKind
	full  bool
}

// blockKind is what the last block was: rows and items follow one another without a
// blank line.
type blockKind int

const (
	none blockKind = iota
	prose
	item
	row
)

// text returns what was written.
func (w *writer) text() (Text, error) {
	if w.full {
		return Text{}, because(TooLarge)
	}
	return Text{Title: w.title, Body: w.out.String()}, nil
}

func (w *writer) heading(level int, text string) {
	if text = oneLine(text); text != "" {
		w.block(prose, strings.Repeat("#", min(max(level, 1), 6)), " ", text)
	}
}

// paragraph keeps the lines of text.
func (w *writer) paragraph(text string) {
	var lines []string
	for line := range strings.Lines(text) {
		if line = oneLine(line); line != "" {
			lines = append(lines, literal(line))
		}
	}
	if len(lines) > 0 {
		w.block(prose, strings.Join(lines, "\n"))
	}
}

// item of a list, of which the outermost has depth 0.
func (w *writer) item(depth int, text string) {
	if text = oneLine(text); text != "" {
		w.block(item, strings.Repeat("  ", min(max(depth, 0), 6)), "- ", text)
	}
}

// row of a table; empty cells at its end are left out.
func (w *writer) row(cells []string) {
	last := len(cells)
	for last > 0 && strings.TrimSpace(cells[last-1]) == "" {
		last--
	}
	if last == 0 {
		return
	}
	var b strings.Builder
	b.WriteString("|")
	for _, cell := range cells[:last] {
		b.WriteString(" ")
		b.WriteString(strings.ReplaceAll(oneLine(cell), "|", `\|`))
		b.WriteString(" |")
	}
	w.block(row, b.String())
}

// code keeps text as it is.
func (w *writer) code(text string) {
	if text = strings.Trim(text, "\r\n"); strings.TrimSpace(text) == "" {
		return
	}
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	w.block(prose, fence, "\n", text, "\n", fence)
}

func (w *writer) block(kind blockKind, parts ...string) {
	size := 2
	for _, part := range parts {
		size += len(part)
	}
	if w.full = w.full || w.out.Len()+size > maxText; w.full {
		return
	}
	switch {
	case w.last == none:
	case w.last == kind && kind != prose:
		w.out.WriteString("\n")
	default:
		w.out.WriteString("\n\n")
	}
	for _, part := range parts {
		w.out.WriteString(part)
	}
	w.last = kind
}

// literal puts a backslash before a line that would not read as text in Markdown.
func literal(line string) string {
	switch {
	case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "|"),
		strings.HasPrefix(line, "```"), strings.HasPrefix(line, "~~~"),
		strings.Trim(line, "=") == "", strings.Trim(line, "-") == "":
		return `\` + line
	}
	return line
}

// oneLine has single spaces only.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
