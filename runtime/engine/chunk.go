package engine

import (
	"iter"
	"slices"
	"strings"
)

// Chunks are measured in tokens as a subword tokeniser would count them. Four
// bytes a token is the usual rule of thumb for English; scripts that need more
// bytes a letter also need more tokens a word.
const (
	tokenBytes   = 4
	chunkBytes   = 256 * tokenBytes
	overlapBytes = 64 * tokenBytes // at most; whole sentences make it about 40 tokens
	headingBytes = 120             // of one heading in a path; a longer one is cut
)

// Chunk is a passage of a document: what the index ranks and an answer cites.
type Chunk struct {
	// Start and End are the bytes of the document's text that it spans, on rune
	// boundaries.
	Start, End int
	// Heading is the path of headings it stands under, "Guide > Refunds". It is
	// indexed with the chunk but is no part of what can be cited.
	Heading string
}

// in returns the chunk's text, as much of it as text has.
func (c Chunk) in(text string) string {
	end := min(max(c.End, 0), len(text))
	return text[min(max(c.Start, 0), end):end]
}

// volume is how many bytes are indexed of a chunk, and about what it takes beside them.
func (c Chunk) volume(title string) int64 {
	const itself = 64
	return int64(len(title) + len(c.Heading) + c.End - c.Start + itself)
}

// Amount is how much there is to index.
type Amount struct{ Chunks, Bytes int64 }

// Volume is how much is indexed of a text: more than it has, since chunks overlap and bring
// their titles and headings with them, and many times more when it consists of headings. It
// takes the time of Split and no memory.
func Volume(title, text string, media Media) (a Amount) {
	split(text, media, func(c Chunk) {
		a.Chunks++
		a.Bytes += c.volume(title)
	})
	return a
}

// Split cuts text into chunks of at most about 256 tokens. It keeps list items,
// table rows and fenced code whole where they fit, cuts prose between sentences,
// lets no chunk cross a heading, and repeats the last sentences of a chunk at the
// start of the next. The chunks cover all of text but blanks. The time it takes is
// linear in the text, whatever the text.
func Split(text string, media Media) (chunks []Chunk) {
	split(text, media, func(c Chunk) { chunks = append(chunks, c) })
	return chunks
}

func split(text string, media Media, take func(Chunk)) {
	p := packer{take: take}
	for b := range blocks(text, media) {
		if b.kind == heading {
			p.enter(b.level, b.body.of(text))
		} else {
			p.titlesOnly = false
		}
		for unit := range units(text, b) {
			p.add(unit)
		}
	}
	p.close()
}

// units yields the pieces of a block that a chunk holds whole.
func units(text string, b block) iter.Seq[span] {
	return func(yield func(span) bool) {
		for part := range unitsOfAnySize(text, b) {
			for part.len() > 0 {
				var head span
				if head, part = part.cut(text, chunkBytes); !yield(head) {
					return
				}
			}
		}
	}
}

func unitsOfAnySize(text string, b block) iter.Seq[span] {
	switch {
	case b.kind != paragraph && b.span.len() <= chunkBytes:
		return func(yield func(span) bool) { yield(b.span) }
	case b.kind == fence:
		return lines(text, b.span)
	default:
		return sentences(text, b.span)
	}
}

// lines yields the lines of s that are not blank.
func lines(text string, s span) iter.Seq[span] {
	return func(yield func(span) bool) {
		start := s.start
		for line := range strings.Lines(s.of(text)) {
			at := span{start, start + len(line)}
			start = at.end
			if at = at.trim(text); at.len() > 0 && !yield(at) {
				return
			}
		}
	}
}

// packer fills chunks with units, in order.
type packer struct {
	take       func(Chunk)
	path       headingPath
	under      string // path, as the chunks have it
	units      []span // of the chunk being filled
	fresh      bool   // units holds more than what the chunk before ended with
	titlesOnly bool   // units holds nothing but headings
}

// enter begins a section. Headings that follow one another share a chunk with the
// text below them.
func (p *packer) enter(level int, title string) {
	if !p.titlesOnly {
		p.close()
	}
	p.path.enter(level, title)
	p.under, p.titlesOnly = p.path.String(), true
}

func (p *packer) add(unit span) {
	if len(p.units) > 0 && unit.end-p.units[0].start > chunkBytes {
		p.emit()
		p.keepOverlap(unit)
	}
	p.units = append(p.units, unit)
	p.fresh = true
}

// keepOverlap drops the units that the chunk beginning before next cannot repeat.
func (p *packer) keepOverlap(next span) {
	end := p.units[len(p.units)-1].end
	keep := len(p.units)
	for keep > 0 && end-p.units[keep-1].start <= overlapBytes && next.end-p.units[keep-1].start <= chunkBytes {
		keep--
	}
	p.units = slices.Delete(p.units, 0, keep)
}

func (p *packer) emit() {
	if p.fresh {
		p.take(Chunk{Start: p.units[0].start, End: p.units[len(p.units)-1].end, Heading: p.under})
	}
	p.fresh = false
}

func (p *packer) close() {
	p.emit()
	p.units = p.units[:0]
}

// headingPath is the titles of the sections that a place is in, by level.
type headingPath [6]string

func (h *headingPath) enter(level int, title string) {
	clear(h[level-1:])
	head, _ := span{0, len(title)}.cut(title, headingBytes)
	h[level-1] = head.of(title)
}

// String is a copy: it keeps no document in memory.
func (h *headingPath) String() string {
	titles := slices.DeleteFunc(slices.Clone(h[:]), func(title string) bool { return title == "" })
	return strings.Clone(strings.Join(titles, " > "))
}
