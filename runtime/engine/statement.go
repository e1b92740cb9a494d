package engine

import (
	"iter"
	"slices"
	"strings"

	"github.com/bulkhead-dev/bulkhead/runtime/engine/language"
)

// statement is a sentence that may be cited, and which of the question's terms it
// has.
type statement struct {
	passage *Passage
	at      span      // in the passage
	said    termSet   // in it
	heard   []termSet // in what introduces it
	score   float64
}

// statements yields the sentences of a passage, with what q asks about.
func (p *Passage) statements(q *question) iter.Seq[statement] {
	return func(yield func(statement) bool) {
		about := q.in(p.Heading)
		var under, after termSet // a heading, a sentence that leads on
		for b := range blocks(p.Text, Markdown) {
			if b.kind == heading {
				under, after = q.in(b.body.of(p.Text)), nil
				continue
			}
			for at := range b.sentences(p.Text) {
				sentence := at.of(p.Text)
				said := q.in(sentence)
				if leadsOn(sentence) {
					after = said
				} else if s := (statement{p, at, said, []termSet{about, under, after}, 0}); hasWord(sentence) && !yield(s) {
					return
				}
			}
		}
	}
}

// hears tells whether what introduces the statement has term.
func (s *statement) hears(term string) bool {
	return slices.ContainsFunc(s.heard, func(heard termSet) bool { return heard[term] })
}

func (s *statement) citation() Citation {
	return Citation{
		Document: s.passage.Document,
		Start:    s.passage.Start + s.at.start,
		End:      s.passage.Start + s.at.end,
	}
}

// sentences yields what can be cited of a block: the sentences of its prose, the
// lines of its code, a table's row whole.
func (b block) sentences(text string) iter.Seq[span] {
	switch b.kind {
	case fence:
		return lines(text, b.span)
	case row:
		return func(yield func(span) bool) { yield(b.span) }
	default:
		return sentences(text, b.body)
	}
}

// leadsOn tells a sentence that answers nothing itself but speaks for those after
// it: a question, as in a list of frequent ones, or the announcement of a list.
func leadsOn(sentence string) bool {
	sentence = strings.TrimRight(sentence, `"')]}*_ `+"”’»")
	return strings.HasSuffix(sentence, "?") || strings.HasSuffix(sentence, ":")
}

func hasWord(text string) bool {
	for range language.Words(text) {
		return true
	}
	return false
}
