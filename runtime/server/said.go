package server

import (
	"strings"
	"unicode/utf8"

	"github.com/bulkhead-dev/bulkhead/runtime/corpus"
)

// annotation cites the document that a line of an answer is of.
type annotation struct {
	Type     string `json:"type"`
	Index    int    `json:"index"` // characters of the answer up to the end of the line
	FileID   string `json:"file_id"`
	Filename string `json:"filename"`
	Start    int    `json:"start"` // byte of the document's text
	End      int    `json:"end"`
}

// said is an answer in the shapes of OpenAI: lines, each with its annotation.
type said struct {
	lines       []string
	annotations []annotation
	cut         bool // the answer was longer than was asked for
}

// unanswered is said when no document answers.
const unanswered = "The documents do not say."

// say makes lines of an answer, of at most limit words in all; zero: any number.
// Cut citations are exact, too.
func say(a corpus.Answer, limit int) said {
	if len(a.Citations) == 0 {
		return said{lines: []string{unanswered}}
	}
	var s said
	index := 0
	for _, c := range a.Citations {
		line := c.Text
		if limit > 0 {
			line = words(c.Text, limit-s.words())
		}
		if s.cut = len(line) < len(c.Text); line == "" {
			break
		}
		if index > 0 {
			index++ // the end of the line before
		}
		index += utf8.RuneCountInString(line)
		s.lines = append(s.lines, line)
		s.annotations = append(s.annotations, annotation{
			"file_citation", index, fileID(c.Document), c.ExternalID, c.Start, c.Start + len(line),
		})
		if s.cut {
			break
		}
	}
	return s
}

// text is all that is said.
func (s said) text() string { return strings.Join(s.lines, "\n") }

// pieces are the parts of the text in the order in which a stream has them.
func (s said) pieces() []string {
	pieces := append([]string(nil), s.lines...)
	for i := range pieces[1:] {
		pieces[i] += "\n"
	}
	return pieces
}

func (s said) words() int { return len(strings.Fields(s.text())) }

// words cuts a text after at most n words.
func words(text string, n int) string {
	end := 0
	for range n {
		rest := strings.TrimLeft(text[end:], " \t\r\n")
		word := strings.IndexAny(rest, " \t\r\n")
		if word < 0 {
			return text
		}
		end = len(text) - len(rest) + word
	}
	return text[:end]
}
