package language

import (
	"embed"
	"strings"
	"sync"
)

// The lists are the Snowball project's. They hold the words that say nothing about what
// a question is about.
//
//go:embed stopwords/*.txt
var stopWordFiles embed.FS

// stopWords has the set of each language.
var stopWords = sync.OnceValue(func() (sets [len(languages)]map[string]bool) {
	for l := range languages {
		// The files are part of the program: one that is missing fails every test.
		list, _ := stopWordFiles.ReadFile("stopwords/" + languages[l].name + ".txt")
		sets[l] = map[string]bool{}
		for line := range strings.Lines(string(list)) {
			if strings.HasPrefix(line, "|") { // a comment
				continue
			}
			for word := range strings.FieldsSeq(line) {
				sets[l][word] = true
			}
		}
	}
	return sets
})
