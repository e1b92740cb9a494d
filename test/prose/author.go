// Package prose writes text for measurements: words are as frequent as those of a
// language, and every chunk is about something.
package prose

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A chunk has 64 words, of which half are of one of 200 topics, drawn as words of a
// language are: the n-th most frequent about as often as 1/n.
const (
	chunkWords = 64
	topics     = 200
)

// Author writes the same for the same seed.
type Author struct {
	random            *rand.Rand
	common, technical *rand.Zipf
}

// NewAuthor returns an author of texts that others do not write.
func NewAuthor(seed uint64) *Author {
	random := rand.New(rand.NewPCG(seed, 42))
	return &Author{random, rand.NewZipf(random, 1.07, 2, 30_000), rand.NewZipf(random, 1.2, 4, 2_000)}
}

func (a *Author) word(topic int) string {
	if a.random.IntN(2) == 0 {
		return fmt.Sprintf("w%dz", a.common.Uint64())
	}
	return fmt.Sprintf("f%dx%dz", topic, a.technical.Uint64())
}

// Document is a Markdown text of so many chunks, each a section on a topic.
func (a *Author) Document(chunks int) string {
	var text strings.Builder
	for range chunks {
		topic := a.random.IntN(topics)
		fmt.Fprintf(&text, "# f%d\n\n", topic)
		for range chunkWords {
			text.WriteString(a.word(topic))
			text.WriteByte(' ')
		}
		text.WriteString("\n\n")
	}
	return text.String()
}

// Question has four to six words on a topic.
func (a *Author) Question() string {
	topic := a.random.IntN(topics)
	var words []string
	for range 4 + a.random.IntN(3) {
		words = append(words, a.word(topic))
	}
	return strings.Join(words, " ")
}
