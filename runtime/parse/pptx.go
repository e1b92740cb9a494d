package parse

import (
	"fmt"
	"strconv"
	"strings"
)

// readPPTX reads the slides that are shown, in their order, each with its title and
// its notes.
func readPPTX(w *writer, data []byte, _ string) error {
	a, err := openArchive(data)
	if err != nil {
		return err
	}
	if w.title, err = a.title(); err != nil {
		return err
	}
	slides, err := a.slides()
	if err != nil {
		return err
	}
	for i, name := range slides {
		if err := a.readSlide(w, name, i+1); err != nil {
			return err
		}
		if w.full {
			return because(TooLarge)
		}
	}
	return nil
}

// slides are the names of the slides' parts.
func (a *archive) slides() ([]string, error) {
	name, err := a.main()
	if err != nil {
		return nil, err
	}
	relations, err := a.relations(name)
	if err != nil {
		return nil, err
	}
	var slides []string
	return slides, a.part(name, func(e *elements) error {
		return e.each(func(start element) error {
			if r, ok := relations[start.attr["r:id"]]; ok && start.name == "sldId" {
				slides = append(slides, r.target)
			}
			return nil
		})
	})
}

func (a *archive) readSlide(w *writer, name string, number int) error {
	var shown, notes slide
	if err := a.part(name, shown.read); err != nil || shown.hidden {
		return err
	}
	notesName, err := a.related(name, "notesSlide")
	if err != nil {
		return err
	}
	if err := a.part(notesName, notes.read); err != nil {
		return err
	}
	title := oneLine(shown.title.String())
	if title == "" {
		title = fmt.Sprintf("Slide %d", number)
	}
	w.heading(2, title)
	for _, write := range shown.blocks {
		write(w)
	}
	if len(notes.blocks) > 0 {
		w.heading(3, "Notes")
	}
	for _, write := range notes.blocks {
		write(w)
	}
	return nil
}

// slide is what a slide shows, its title apart.
type slide struct {
	e      *elements
	hidden bool
	title  strings.Builder
	blocks []func(*writer)

	hiddenDepth int             // of the hidden shape, table or group that the walk is in; 0 is none
	placeholder string          // the kind of the shape; "" is a text box
	text        strings.Builder // of the paragraph
	depth       int             // of the paragraph, in its list
	grid        bool            // the walk is in a table
	cells       []string
	cell        strings.Builder
}

func (s *slide) read(e *elements) error {
	s.e = e
	return e.walk(s.start, s.end)
}

func (s *slide) start(start element) error {
	if s.hiddenDepth > 0 {
		return nil
	}
	switch start.name {
	case "Fallback":
		return s.e.skip()
	case "sld":
		s.hidden = start.attr["show"] == "0" || start.attr["show"] == "false"
	case "sp":
		s.placeholder = ""
	case "cNvPr":
		s.hide(start.attr["hidden"])
	case "ph":
		s.placeholder = start.attr["type"]
		if s.placeholder == "" {
			s.placeholder = "body"
		}
	case "tbl":
		s.grid = true
	case "p":
		s.text.Reset()
		s.depth = 0
	case "pPr":
		s.depth, _ = strconv.Atoi(start.attr["lvl"]) // 0 is the default
	case "br":
		s.text.WriteString("\n")
	case "t":
		text, err := s.e.text()
		s.text.WriteString(text)
		return err
	}
	return nil
}

// hide begins what is hidden, when the attribute says so: of the element whose properties
// the walk is in.
func (s *slide) hide(hidden string) {
	if hidden == "1" || hidden == "true" {
		s.hiddenDepth = s.e.depth - 2
	}
}

func (s *slide) end(name string) error {
	if s.hiddenDepth > 0 {
		if s.e.depth < s.hiddenDepth {
			s.hiddenDepth = 0
		}
		return nil
	}
	switch name {
	case "p":
		s.paragraph(s.text.String(), s.depth)
	case "tc":
		if len(s.cells) == maxColumns {
			return because(TooLarge)
		}
		s.cells = append(s.cells, s.cell.String())
		s.cell.Reset()
	case "tr":
		cells := s.cells
		s.blocks = append(s.blocks, func(w *writer) { w.row(cells) })
		s.cells = nil
	case "tbl":
		s.grid = false
	}
	return nil
}

// paragraph takes one: in a placeholder for text it is a bullet.
func (s *slide) paragraph(text string, depth int) {
	switch {
	case s.grid:
		s.cell.WriteString(text + " ")
	case strings.TrimSpace(text) == "":
	case s.placeholder == "title" || s.placeholder == "ctrTitle":
		s.title.WriteString(text + " ")
	case s.placeholder == "dt" || s.placeholder == "ftr" || s.placeholder == "hdr" || s.placeholder == "sldNum":
	case s.placeholder == "body" || s.placeholder == "obj":
		s.blocks = append(s.blocks, func(w *writer) { w.item(depth, text) })
	default:
		s.blocks = append(s.blocks, func(w *writer) { w.paragraph(text) })
	}
}
