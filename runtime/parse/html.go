package parse

import (
	"bytes"
	"errors"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// readHTML reads what a browser without scripts and styles would show.
func readHTML(w *writer, data []byte, name string) error {
	contentType := mediaHTML
	if name != "" {
		contentType += "; charset=" + name
	}
	decoded, err := charset.NewReader(bytes.NewReader(data), contentType)
	if err != nil {
		return because(Charset)
	}
	root, err := html.Parse(decoded)
	if err != nil {
		return because(Malformed)
	}
	p := page{w: w}
	if err := p.children(root, 0); err != nil {
		return err
	}
	p.flush()
	return nil
}

// page walks the elements of an HTML page.
type page struct {
	w      *writer
	inline strings.Builder // the text since the last block began
	lists  int             // that the walk is in
	marked bool            // inline is the text of a list's item
	grid   bool            // the walk is in a table, and not one that only lays out the page
	cell   bool            // the walk is in a cell, where blocks are no blocks
}

// leftOut are elements that hold no text for readers.
var leftOut = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Template: true, atom.Noscript: true, atom.Head: true,
	atom.Iframe: true, atom.Object: true, atom.Embed: true, atom.Canvas: true, atom.Svg: true, atom.Math: true,
	atom.Audio: true, atom.Video: true, atom.Select: true, atom.Datalist: true, atom.Textarea: true,
}

// blocks begin and end a paragraph.
var blocks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Section: true, atom.Article: true, atom.Main: true, atom.Header: true,
	atom.Footer: true, atom.Nav: true, atom.Aside: true, atom.Blockquote: true, atom.Figure: true, atom.Figcaption: true,
	atom.Address: true, atom.Form: true, atom.Fieldset: true, atom.Details: true, atom.Summary: true, atom.Dl: true,
	atom.Dt: true, atom.Dd: true, atom.Hr: true, atom.Caption: true, atom.Table: true, atom.Body: true, atom.Hgroup: true,
	atom.Center: true, atom.Dialog: true, atom.Legend: true, atom.Menu: true,
	atom.Tr: true, atom.Td: true, atom.Th: true, atom.Li: true, atom.Ul: true, atom.Ol: true, atom.Pre: true,
}

var headings = map[atom.Atom]int{atom.H1: 1, atom.H2: 2, atom.H3: 3, atom.H4: 4, atom.H5: 5, atom.H6: 6}

var errDeep = errors.New("nested too deeply")

func (p *page) children(n *html.Node, depth int) error {
	if depth > maxDepth {
		return errDeep
	}
	for c := n.FirstChild; c != nil && !p.w.full; c = c.NextSibling {
		if err := p.node(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (p *page) node(n *html.Node, depth int) error {
	switch {
	case n.Type == html.TextNode:
		p.inline.WriteString(strings.ReplaceAll(n.Data, "\n", " ")) // a line ends at <br>
		return nil
	case n.Type != html.ElementNode:
		return p.children(n, depth)
	case n.DataAtom == atom.Head:
		p.w.title = titleOf(n)
		return nil
	case leftOut[n.DataAtom] || hidden(n):
		return nil
	case p.cell:
		return p.inCell(n, depth)
	case headings[n.DataAtom] > 0:
		return p.heading(n, depth)
	}
	return p.element(n, depth)
}

// element reads one that readers see, by its name.
func (p *page) element(n *html.Node, depth int) error {
	switch n.DataAtom {
	case atom.Br:
		p.inline.WriteString("\n")
		return nil
	case atom.Pre:
		p.flush()
		p.w.code(textOf(n))
		return nil
	case atom.Ul, atom.Ol:
		p.flush()
		p.lists++
		defer func() { p.lists-- }()
		return p.between(n, depth)
	case atom.Li:
		p.flush()
		p.marked = true
		return p.between(n, depth)
	case atom.Table:
		outer := p.grid
		p.grid = !layout(n)
		defer func() { p.grid = outer }()
		return p.between(n, depth)
	case atom.Tr:
		if p.flush(); p.grid {
			return p.row(n, depth)
		}
	}
	if blocks[n.DataAtom] {
		return p.between(n, depth)
	}
	return p.children(n, depth)
}

// between reads an element that is a block.
func (p *page) between(n *html.Node, depth int) error {
	if n.DataAtom != atom.Li {
		p.flush()
	}
	err := p.children(n, depth)
	p.flush()
	p.marked = false
	return err
}

func (p *page) heading(n *html.Node, depth int) error {
	p.flush()
	err := p.children(n, depth)
	p.w.heading(headings[n.DataAtom], p.take())
	return err
}

// row reads the cells of a table's row.
func (p *page) row(n *html.Node, depth int) error {
	var cells []string
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom != atom.Td && c.DataAtom != atom.Th || hidden(c) {
			continue
		}
		if len(cells) == maxColumns {
			return because(TooLarge)
		}
		p.cell = true
		err := p.children(c, depth+1)
		p.cell = false
		if err != nil {
			return err
		}
		cells = append(cells, p.take())
	}
	p.w.row(cells)
	return nil
}

// inCell reads an element in a table's cell, which is one line whatever it holds.
func (p *page) inCell(n *html.Node, depth int) error {
	if !blocks[n.DataAtom] && headings[n.DataAtom] == 0 && n.DataAtom != atom.Br {
		return p.children(n, depth)
	}
	p.inline.WriteString(" ")
	err := p.children(n, depth)
	p.inline.WriteString(" ")
	return err
}

func (p *page) take() string {
	text := p.inline.String()
	p.inline.Reset()
	return text
}

// flush ends a block.
func (p *page) flush() {
	text := p.take()
	switch {
	case strings.TrimSpace(text) == "":
	case p.marked:
		p.w.item(p.lists-1, text)
		p.marked = false
	default:
		p.w.paragraph(text)
	}
}

// hidden reports whether an element says of itself that readers do not see it.
func hidden(n *html.Node) bool {
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return true
		case "aria-hidden":
			return strings.EqualFold(a.Val, "true")
		case "style":
			if invisible(a.Val) {
				return true
			}
		}
	}
	return false
}

// invisible reports whether a style attribute hides its element.
func invisible(style string) bool {
	for declaration := range strings.SplitSeq(strings.ToLower(style), ";") {
		property, value, _ := strings.Cut(declaration, ":")
		value = strings.TrimSpace(strings.ReplaceAll(value, "!important", ""))
		switch strings.TrimSpace(property) + ":" + value {
		case "display:none", "visibility:hidden", "visibility:collapse", "opacity:0", "opacity:0.0",
			"font-size:0", "font-size:0px", "font-size:0pt", "font-size:0em":
			return true
		}
	}
	return false
}

// titleOf is the text of <title>.
func titleOf(head *html.Node) string {
	for c := head.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Title {
			return textOf(c)
		}
	}
	return ""
}

// textOf is the text in an element as it stands, without what is hidden in it.
func textOf(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		for c := range n.ChildNodes() {
			switch {
			case c.Type == html.TextNode:
				b.WriteString(c.Data)
			case !leftOut[c.DataAtom] && !hidden(c):
				walk(c)
			}
		}
	}
	walk(n)
	return b.String()
}

// layout reports whether a table is there for the looks of the page only: it holds
// what no cell of a grid does.
func layout(table *html.Node) bool {
	for d := range table.Descendants() {
		if d.DataAtom == atom.Table || headings[d.DataAtom] > 0 {
			return true
		}
	}
	return false
}
