package pdftext

import (
	"math"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// interpreter draws a page, the text of it.
type interpreter struct {
	document  *Document
	lines     lineBuilder
	state     state
	saved     []state
	text      matrix // where the next glyph stands
	line      matrix // where the line began
	artifacts int    // marked content that the walk is in, from the first artifact on
}

// state is what q saves and Q restores.
type state struct {
	page           matrix
	font           *font
	size           float64
	spacing        float64 // after each glyph
	wordSpacing    float64
	stretch        float64
	leading, raise float64
}

func newInterpreter(d *Document) *interpreter {
	return &interpreter{document: d, state: state{page: identity, stretch: 1}, text: identity, line: identity}
}

// run interprets a content stream.
func (p *interpreter) run(content []byte, resources types.Dict, depth int) error {
	l := lexer{data: content}
	var operands []operand
	for {
		o, ok := l.next(0)
		if !ok {
			return nil
		}
		if o.kind != operator {
			if len(operands) < maxOperands {
				operands = append(operands, o)
			}
			continue
		}
		switch name := string(o.text); name {
		case "ID":
			l.skipImage()
		case "Do":
			if err := p.draw(last(operands), resources, depth); err != nil {
				return err
			}
		case "Tf":
			p.setFont(operands, resources)
		default:
			p.do(name, operands)
		}
		operands = operands[:0]
	}
}

func last(o []operand) operand {
	if len(o) == 0 {
		return operand{kind: otherOperand}
	}
	return o[len(o)-1]
}

// numbers are the last n operands; not ok when there are fewer.
func numbers(o []operand, n int) ([]float64, bool) {
	if len(o) < n {
		return nil, false
	}
	all := make([]float64, n)
	for i, x := range o[len(o)-n:] {
		all[i] = x.number
	}
	return all, true
}

// do carries out an operator that needs no resources. One with too few operands is
// left out.
func (p *interpreter) do(name string, o []operand) {
	switch name {
	case "q":
		if len(p.saved) < maxState {
			p.saved = append(p.saved, p.state)
		}
	case "Q":
		if n := len(p.saved); n > 0 {
			p.state, p.saved = p.saved[n-1], p.saved[:n-1]
		}
	case "cm":
		if n, ok := numbers(o, 6); ok {
			p.state.page = matrix(n).times(p.state.page)
		}
	case "BMC", "BDC":
		if p.artifacts > 0 || len(o) > 0 && string(o[0].text) == "Artifact" {
			p.artifacts++
		}
	case "EMC":
		p.artifacts = max(p.artifacts-1, 0)
	case "Tj", "TJ", "'", "\"":
		p.show(name, o)
	default:
		p.move(name, o)
		p.set(name, o)
	}
}

// move carries out the operators that set where text stands.
func (p *interpreter) move(name string, o []operand) {
	switch name {
	case "BT":
		p.line = identity
	case "Td", "TD":
		n, ok := numbers(o, 2)
		if !ok {
			return
		}
		if name == "TD" {
			p.state.leading = -n[1]
		}
		p.line = p.line.moved(n[0], n[1])
	case "Tm":
		n, ok := numbers(o, 6)
		if !ok {
			return
		}
		p.line = matrix(n)
	case "T*":
		p.line = p.line.moved(0, -p.state.leading)
	default:
		return
	}
	p.text = p.line
}

// set carries out the operators that set how text looks.
func (p *interpreter) set(name string, o []operand) {
	n, ok := numbers(o, 1)
	if !ok {
		return
	}
	switch name {
	case "Tc":
		p.state.spacing = n[0]
	case "Tw":
		p.state.wordSpacing = n[0]
	case "Tz":
		p.state.stretch = n[0] / 100
	case "TL":
		p.state.leading = n[0]
	case "Ts":
		p.state.raise = n[0]
	}
}

func (p *interpreter) setFont(o []operand, resources types.Dict) {
	if len(o) >= 2 {
		p.state.font = p.document.font(resources, string(o[len(o)-2].text))
		p.state.size = last(o).number
	}
}

// show carries out the operators that show strings.
func (p *interpreter) show(name string, o []operand) {
	if name == "\"" {
		if n, ok := numbers(o, 3); ok {
			p.state.wordSpacing, p.state.spacing = n[0], n[1]
		}
	}
	if name != "Tj" && name != "TJ" {
		p.move("T*", nil)
	}
	if name != "TJ" {
		p.string(last(o).text)
		return
	}
	for _, x := range last(o).list {
		switch x.kind {
		case stringOperand:
			p.string(x.text)
		case numberOperand:
			p.advance(-x.number / 1000 * p.state.size)
		}
	}
}

// advance moves along the line.
func (p *interpreter) advance(by float64) {
	if p.state.font != nil && p.state.font.vertical {
		p.text = p.text.moved(0, by)
	} else {
		p.text = p.text.moved(by*p.state.stretch, 0)
	}
}

func (p *interpreter) string(s []byte) {
	f := p.state.font
	if f == nil {
		return
	}
	for _, g := range f.glyphs(s) {
		spacing := p.state.spacing
		if g.space {
			spacing += p.state.wordSpacing
		}
		if f.vertical {
			g.width = -1 // glyphs stand below one another
			spacing = -spacing
		}
		p.mark(g)
		p.advance(g.width*p.state.size + spacing)
	}
}

// mark adds a glyph where it stands on the page.
func (p *interpreter) mark(g glyph) {
	if g.text == "" || p.artifacts > 0 {
		return
	}
	at := p.text.moved(0, p.state.raise).times(p.state.page)
	m := mark{
		text: g.text, x: at[4], y: at[5], turn: at.turn(), bold: p.state.font.bold,
		width: g.width * p.state.size * p.state.stretch * math.Hypot(at[0], at[1]),
		size:  math.Abs(p.state.size) * math.Hypot(at[2], at[3]),
	}
	if p.state.font.vertical {
		m.turn, m.width = (m.turn+3)%4, m.size
	}
	p.lines.add(m)
}

// draw draws a form, with resources of its own or those around it.
func (p *interpreter) draw(name operand, resources types.Dict, depth int) error {
	d := p.document
	o := d.dict(resources["XObject"])[string(name.text)]
	if d.name(d.dict(o)["Subtype"]) != "Form" {
		return nil
	}
	return p.form(o, resources, depth)
}

func (p *interpreter) form(o types.Object, resources types.Dict, depth int) error {
	d := p.document
	form := d.dict(o)
	if form == nil || depth >= maxForm {
		return nil
	}
	if d.forms++; d.forms > maxForms {
		return ErrTooLarge
	}
	if own := d.dict(form["Resources"]); own != nil {
		resources = own
	}
	state, saved, text, line := p.state, p.saved, p.text, p.line
	if m := d.array(form["Matrix"]); len(m) == 6 {
		p.state.page = matrix(d.numbers(m)).times(p.state.page)
	}
	p.saved = nil
	err := p.run(d.stream(o), resources, depth+1)
	p.state, p.saved, p.text, p.line = state, saved, text, line
	return err
}
