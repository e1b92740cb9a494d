package parse

import (
	"strconv"
	"strings"
)

// readDOCX reads a document's body and then its notes. Headers, footers and comments
// are left out, and so is text that is hidden or deleted.
func readDOCX(w *writer, data []byte, _ string) error {
	a, err := openArchive(data)
	if err != nil {
		return err
	}
	if w.title, err = a.title(); err != nil {
		return err
	}
	name, err := a.main()
	if err != nil {
		return err
	}
	relations, err := a.relations(name)
	if err != nil {
		return err
	}
	d := docx{w: w, styles: map[string]docxStyle{}}
	parts := map[string]string{}
	for _, r := range relations {
		parts[r.kind] = r.target
	}
	if err := a.part(parts["styles"], d.readStyles); err != nil {
		return err
	}
	for _, part := range []string{name, parts["footnotes"], parts["endnotes"]} {
		if err := a.part(part, d.readBody); err != nil {
			return err
		}
	}
	return nil
}

// docxStyle is what a style makes of its paragraphs.
type docxStyle struct {
	basedOn string
	level   int // of a heading; 0 is none, -1 not said
	list    bool
}

// docx walks the parts of a document.
type docx struct {
	w          *writer
	e          *elements
	styles     map[string]docxStyle
	paragraphs []docxParagraph // that the walk is in: a text box is in one
	tables     []docxTable     // that the walk is in
	runs       int             // that the walk is in
	hidden     bool            // the run is
}

type docxParagraph struct {
	text  strings.Builder
	style string
	level int // of a heading by itself; 0 is none
	list  bool
	depth int // in the list
}

type docxTable struct {
	cells []string
	cell  strings.Builder
}

func (d *docx) readStyles(e *elements) error {
	id, current := "", docxStyle{}
	return e.walk(func(start element) error {
		switch start.name {
		case "style":
			id, current = start.attr["styleId"], docxStyle{level: -1}
		case "name":
			current.level = headingOf(start.attr["val"], current.level)
		case "basedOn":
			current.basedOn = start.attr["val"]
		case "outlineLvl":
			current.level = outlineOf(start)
		case "numPr":
			current.list = true
		}
		return nil
	}, func(name string) error {
		if name == "style" {
			d.styles[id] = current
		}
		return nil
	})
}

// headingOf is the level of the headings of a style by its built-in name, which is
// the same in every language.
func headingOf(name string, otherwise int) int {
	name = strings.ToLower(name)
	if name == "title" {
		return 1
	}
	if digits, ok := strings.CutPrefix(name, "heading "); ok {
		if level, err := strconv.Atoi(digits); err == nil && level > 0 {
			return level
		}
	}
	return otherwise
}

// outlineOf is a heading's level from its outline level, which begins at 0; 9 is the
// text's.
func outlineOf(start element) int {
	level, err := strconv.Atoi(start.attr["val"])
	if err != nil || level < 0 || level > 8 {
		return 0
	}
	return level + 1
}

// resolve is what a style and those that it is based on say.
func (d *docx) resolve(id string) (level int, list bool) {
	level = -1
	for range 20 { // a cycle ends, too
		style, ok := d.styles[id]
		if !ok {
			break
		}
		if level < 0 {
			level = style.level
		}
		list = list || style.list
		id = style.basedOn
	}
	return max(level, 0), list
}

func (d *docx) readBody(e *elements) error {
	d.e = e
	return e.walk(d.start, d.end)
}

func (d *docx) start(start element) error {
	switch start.name {
	case "Fallback", "moveFrom", "del": // what another element says again, or nobody any more
		return d.e.skip()
	case "p":
		d.paragraphs = append(d.paragraphs, docxParagraph{})
	case "tbl":
		d.tables = append(d.tables, docxTable{})
	case "r":
		d.runs++
		d.hidden = false
	case "vanish":
		d.hidden = d.runs > 0 && start.on()
	case "t", "tab", "br", "cr", "noBreakHyphen":
		return d.text(start)
	case "pStyle", "numPr", "ilvl", "outlineLvl":
		d.property(start)
	}
	return nil
}

// property takes a property of the paragraph.
func (d *docx) property(start element) {
	if len(d.paragraphs) == 0 {
		return
	}
	p := &d.paragraphs[len(d.paragraphs)-1]
	switch start.name {
	case "pStyle":
		p.style = start.attr["val"]
	case "numPr":
		p.list = true
	case "ilvl":
		p.depth, _ = strconv.Atoi(start.attr["val"]) // 0 is the default
	case "outlineLvl":
		p.level = outlineOf(start)
	}
}

// text takes a piece of a run's text.
func (d *docx) text(start element) error {
	text := map[string]string{"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}[start.name]
	if start.name == "t" {
		var err error
		if text, err = d.e.text(); err != nil {
			return err
		}
	}
	if len(d.paragraphs) > 0 && d.runs > 0 && !d.hidden {
		d.paragraphs[len(d.paragraphs)-1].text.WriteString(text)
	}
	return nil
}

func (d *docx) end(name string) error {
	switch name {
	case "r":
		d.runs--
	case "p":
		if last := len(d.paragraphs) - 1; last >= 0 {
			p := &d.paragraphs[last]
			d.paragraphs = d.paragraphs[:last]
			d.paragraph(p)
		}
	}
	if len(d.tables) > 0 {
		return d.endOfTable(name)
	}
	if d.w.full {
		return because(TooLarge)
	}
	return nil
}

func (d *docx) paragraph(p *docxParagraph) {
	text := p.text.String()
	if last := len(d.tables) - 1; last >= 0 {
		d.tables[last].cell.WriteString(text + " ")
		return
	}
	level, list := d.resolve(p.style)
	if p.level > 0 {
		level = p.level
	}
	switch {
	case level > 0:
		d.w.heading(level, text)
	case p.list || list:
		d.w.item(p.depth, text)
	default:
		d.w.paragraph(text)
	}
}

// endOfTable ends a part of a table. A table in a cell becomes text of the cell.
func (d *docx) endOfTable(name string) error {
	last := len(d.tables) - 1
	t := &d.tables[last]
	switch name {
	case "tc":
		if len(t.cells) == maxColumns {
			return because(TooLarge)
		}
		t.cells = append(t.cells, t.cell.String())
		t.cell.Reset()
	case "tr":
		if last > 0 {
			d.tables[last-1].cell.WriteString(strings.Join(t.cells, " ") + " ")
		} else {
			d.w.row(t.cells)
		}
		t.cells = nil
	case "tbl":
		d.tables = d.tables[:last]
	}
	return nil
}
