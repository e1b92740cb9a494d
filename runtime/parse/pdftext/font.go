package pdftext

import (
	"strings"

	corefont "github.com/pdfcpu/pdfcpu/pkg/font"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
	"golang.org/x/text/encoding"
)

// font turns the codes of a string into text and widths.
type font struct {
	bold      bool
	composite bool // codes have two bytes, or as many as the CMap says
	vertical  bool
	scale     float64 // from the units of widths to those of text
	toUnicode *cmap
	encoding  simple            // of a simple font
	charset   encoding.Encoding // of a composite one, when its codes are in one
	widths    map[uint32]float64
	otherwise float64 // the width of other codes
}

// glyph is one code of a string.
type glyph struct {
	text  string
	width float64 // in text space, for size 1
	space bool    // it is the code that word spacing widens
}

// font is the one that a resource names.
func (d *Document) font(resources types.Dict, name string) *font {
	o := d.dict(resources["Font"])[name]
	ref, shared := o.(types.IndirectRef)
	if f, ok := d.fonts[ref]; shared && ok {
		return f
	}
	f := d.loadFont(d.dict(o))
	if shared {
		d.fonts[ref] = f
	}
	return f
}

func (d *Document) loadFont(dict types.Dict) *font {
	base := d.name(dict["BaseFont"])
	f := &font{bold: strings.Contains(strings.ToLower(base), "bold"), scale: 0.001, widths: map[uint32]float64{}}
	if data := d.stream(dict["ToUnicode"]); data != nil {
		f.toUnicode = parseCMap(data)
	}
	if d.name(dict["Subtype"]) == "Type0" {
		d.loadComposite(f, dict)
		return f
	}
	if matrix := d.array(dict["FontMatrix"]); len(matrix) == 6 { // of a Type 3 font
		if scale, ok := d.number(matrix[0]); ok && scale != 0 {
			f.scale = scale
		}
	}
	f.encoding = d.simpleEncoding(dict)
	first, _ := d.number(dict["FirstChar"])
	for i, o := range d.array(dict["Widths"]) {
		if width, ok := d.number(o); ok {
			f.widths[uint32(int(first)+i)] = width
		}
	}
	if len(f.widths) == 0 {
		f.coreWidths(base)
	}
	f.otherwise, _ = d.number(d.dict(dict["FontDescriptor"])["MissingWidth"])
	return f
}

// coreWidths are of the fonts that every reader of PDF has.
func (f *font) coreWidths(base string) {
	if !corefont.IsCoreFont(base) {
		base = "Helvetica"
	}
	for i, text := range f.encoding {
		for _, r := range text {
			if width, err := corefont.CharWidth(base, r); err == nil && width > 0 {
				f.widths[uint32(i)] = float64(width)
			}
		}
	}
}

func (d *Document) simpleEncoding(dict types.Dict) simple {
	encoding := d.dict(dict["Encoding"])
	if encoding == nil {
		return baseEncoding(d.name(dict["Encoding"]))
	}
	name := d.name(encoding["BaseEncoding"])
	if name == "" {
		name = "StandardEncoding"
	}
	s := baseEncoding(name)
	at := 0
	for _, o := range d.array(encoding["Differences"]) {
		if n, ok := d.number(o); ok {
			at = int(n)
			continue
		}
		if at >= 0 && at < len(s) {
			s[at] = glyphText(d.name(o))
		}
		at++
	}
	return s
}

func (d *Document) loadComposite(f *font, dict types.Dict) {
	f.composite = true
	name := d.name(dict["Encoding"])
	f.vertical = strings.HasSuffix(name, "-V")
	f.charset = predefined(name)
	f.otherwise = 1000
	descendants := d.array(dict["DescendantFonts"])
	if len(descendants) == 0 {
		return
	}
	descendant := d.dict(descendants[0])
	if width, ok := d.number(descendant["DW"]); ok {
		f.otherwise = width
	}
	if f.charset == nil { // widths are by glyph, which are the codes only then
		d.loadWidths(f, d.array(descendant["W"]))
	}
}

// loadWidths reads runs of "first [w w w]" and of "first last w".
func (d *Document) loadWidths(f *font, w types.Array) {
	const maxCode = 0xFFFF
	for i := 0; i+1 < len(w); {
		first, _ := d.number(w[i])
		if list := d.array(w[i+1]); list != nil {
			for j, o := range list {
				width, _ := d.number(o)
				f.widths[uint32(int(first)+j)] = width
			}
			i += 2
			continue
		}
		if i+2 >= len(w) {
			return
		}
		last, _ := d.number(w[i+1])
		width, _ := d.number(w[i+2])
		for c := max(int(first), 0); c <= int(min(last, maxCode)); c++ {
			f.widths[uint32(c)] = width
		}
		i += 3
	}
}

// glyphs reads the codes of a string.
func (f *font) glyphs(s []byte) []glyph {
	all := make([]glyph, 0, len(s))
	for len(s) > 0 {
		n := f.length(s)
		c := codeOf(s[:n])
		width, ok := f.widths[c.value]
		if !ok {
			width = f.otherwise
		}
		all = append(all, glyph{text: f.text(c, s[:n]), width: width * f.scale, space: n == 1 && s[0] == ' '})
		s = s[n:]
	}
	return all
}

// length of the first code, in bytes.
func (f *font) length(s []byte) int {
	if !f.composite {
		return 1
	}
	if f.toUnicode != nil && f.toUnicode.lengths[1] && !f.toUnicode.lengths[2] {
		return 1
	}
	if f.charset != nil && s[0] < 0x80 && !wide(f.charset) {
		return 1
	}
	return min(2, len(s))
}

// wide reports whether a character set has no codes of one byte.
func wide(set encoding.Encoding) bool { return set == predefined("UCS2") }

func (f *font) text(c code, raw []byte) string {
	if f.toUnicode != nil {
		if text, ok := f.toUnicode.text(c); ok {
			return text
		}
	}
	switch {
	case !f.composite:
		return f.encoding[raw[0]]
	case f.charset != nil:
		text, err := f.charset.NewDecoder().Bytes(raw)
		if err == nil {
			return string(text)
		}
	}
	return ""
}
