package parse

import (
	"errors"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bulkhead-dev/bulkhead/runtime/parse/pdftext"
)

// readPDF reads the pages of a PDF. Which lines make a paragraph, a list's item or a
// heading shows in their places and sizes only; what runs along the tops and bottoms
// of the pages is left out.
func readPDF(w *writer, data []byte, _ string) error {
	doc, err := pdftext.Open(data, maxUnpacked)
	if err != nil {
		return pdfError(err)
	}
	w.title = strings.TrimPrefix(doc.Title(), "Microsoft Word - ")
	var pages [][]pdftext.Line
	bytes := 0
	err = doc.Pages(maxPages, func(lines []pdftext.Line) error {
		for _, line := range lines {
			bytes += len(line.Text)
		}
		if bytes > maxText {
			return pdftext.ErrTooLarge
		}
		pages = append(pages, lines)
		return nil
	})
	if err != nil {
		return pdfError(err)
	}
	withoutRunning(pages)
	sizes := sizesOf(pages)
	p := pdfParagraphs{w: w, sizes: sizes}
	for _, lines := range pages {
		p.page(lines)
	}
	p.flush()
	return nil
}

func pdfError(err error) error {
	switch {
	case errors.Is(err, pdftext.ErrEncrypted):
		return because(Encrypted)
	case errors.Is(err, pdftext.ErrTooLarge):
		return because(TooLarge)
	}
	return because(Malformed)
}

// withoutRunning removes the first and the last lines of pages that most pages have
// alike, numbers apart: running titles and page numbers.
func withoutRunning(pages [][]pdftext.Line) {
	const fewest = 4
	if len(pages) < fewest {
		return
	}
	for _, at := range []func([]pdftext.Line) int{
		func([]pdftext.Line) int { return 0 },
		func(lines []pdftext.Line) int { return len(lines) - 1 },
	} {
		for range 2 { // a running title and a page number may stand in two lines
			alike := map[string]int{}
			for _, lines := range pages {
				if len(lines) > 0 {
					alike[numberless(lines[at(lines)].Text)]++
				}
			}
			for i, lines := range pages {
				if len(lines) > 0 && alike[numberless(lines[at(lines)].Text)] > len(pages)/2 {
					pages[i] = slices.Delete(lines, at(lines), at(lines)+1)
				}
			}
		}
	}
}

func numberless(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, text)
}

// pdfSizes are the sizes of letters in a document, rounded to half a point.
type pdfSizes struct {
	body     float64   // of most text
	headings []float64 // larger ones, the largest first
}

func half(size float64) float64 { return math.Round(2*size) / 2 }

func sizesOf(pages [][]pdftext.Line) pdfSizes {
	const larger = 1.15 // than the text, of a heading
	letters := map[float64]int{}
	for _, lines := range pages {
		for _, line := range lines {
			letters[half(line.Size)] += len(line.Text)
		}
	}
	var s pdfSizes
	for size, n := range letters {
		if n > letters[s.body] || n == letters[s.body] && size < s.body {
			s.body = size
		}
	}
	for size := range letters {
		if size >= larger*s.body {
			s.headings = append(s.headings, size)
		}
	}
	slices.SortFunc(s.headings, func(a, b float64) int { return int(math.Copysign(1, b-a)) })
	return s
}

// level of a heading, 0 for text. A short bold line is a heading below those that
// are larger.
func (s pdfSizes) level(p pdfParagraph) int {
	const longest = 200 // bytes of a heading
	if len(p.text) > longest {
		return 0
	}
	if i := slices.Index(s.headings, half(p.last.Size)); i >= 0 {
		return i + 1
	}
	if p.last.Bold && p.lines == 1 && half(p.last.Size) >= s.body && !strings.ContainsAny(p.text[len(p.text)-1:], ".,;:") {
		return len(s.headings) + 1
	}
	return 0
}

type pdfParagraph struct {
	text  string
	last  pdftext.Line
	lines int
}

// pdfParagraphs joins lines to paragraphs.
type pdfParagraphs struct {
	w       *writer
	sizes   pdfSizes
	open    pdfParagraph
	text    strings.Builder // of the open one
	spacing float64         // between lines of a paragraph of the page
}

func (p *pdfParagraphs) page(lines []pdftext.Line) {
	p.spacing = spacingOf(lines)
	for i, line := range lines {
		if p.open.lines > 0 && p.breaks(line, i == 0) {
			p.flush()
		}
		p.add(line)
	}
}

// spacingOf is the usual distance of lines.
func spacingOf(lines []pdftext.Line) float64 {
	const most = 3 // times the size
	var gaps []float64
	for i := 1; i < len(lines); i++ {
		gap := lines[i-1].Y - lines[i].Y
		if gap > 0 && gap < most*lines[i].Size && half(lines[i].Size) == half(lines[i-1].Size) {
			gaps = append(gaps, gap)
		}
	}
	if len(gaps) == 0 {
		return 0
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// breaks reports whether a line begins a paragraph.
func (p *pdfParagraphs) breaks(line pdftext.Line, newPage bool) bool {
	const (
		wider  = 1.3 // times the usual distance
		indent = 0.8 // times the size
	)
	before := p.open.last
	if half(before.Size) != half(line.Size) || before.Bold != line.Bold {
		return true
	}
	if _, item := bullet(line.Text); item {
		return true
	}
	end, _ := utf8.DecodeLastRuneInString(before.Text)
	ended := strings.ContainsRune(".!?:;", end)
	gap := before.Y - line.Y
	if newPage || gap < 0 { // the next column
		first, _ := utf8.DecodeRuneInString(line.Text)
		return ended || !unicode.IsLower(first)
	}
	return gap > wider*p.spacing || ended && line.X > before.X+indent*line.Size
}

// add joins a line to the open paragraph, and a word that was hyphenated.
func (p *pdfParagraphs) add(line pdftext.Line) {
	text := ligatures.Replace(line.Text)
	if p.open.lines > 0 {
		before := p.text.String()
		first, _ := utf8.DecodeRuneInString(text)
		letters := strings.TrimRight(before, "-\u00ad\u2010")
		end, _ := utf8.DecodeLastRuneInString(letters)
		if len(letters) < len(before) && unicode.IsLower(first) && unicode.IsLetter(end) {
			p.text.Reset()
			p.text.WriteString(letters)
		} else {
			p.text.WriteByte(' ')
		}
	}
	p.text.WriteString(text)
	p.open.last = line
	p.open.lines++
}

// ligatures are letters of their own in some fonts; nobody searches for them.
var ligatures = strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "st", "ﬆ", "st")

func (p *pdfParagraphs) flush() {
	p.open.text = p.text.String()
	item, isItem := bullet(p.open.text)
	switch level := p.sizes.level(p.open); {
	case p.open.lines == 0:
	case isItem:
		p.w.item(0, item)
	case level > 0:
		p.w.heading(level, p.open.text)
	default:
		p.w.paragraph(p.open.text)
	}
	p.text.Reset()
	p.open = pdfParagraph{}
}

// bullet is the text of a list's item without its mark.
func bullet(text string) (string, bool) {
	for _, mark := range []string{"•", "▪", "◦", "‣", "●", "○", "■", "\uf0b7", "\uf0a7"} {
		if rest, ok := strings.CutPrefix(text, mark); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}
