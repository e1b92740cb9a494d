package engine

import "github.com/kljensen/snowball/english"

// contentless tells the words that say nothing about what a question is about: the
// English Snowball stop words and the ones that only make it a question.
func contentless(word string) bool {
	return english.IsStopWord(word) || questioning[word]
}

var questioning = map[string]bool{
	"many": true, "much": true, "often": true, "please": true, "tell": true,
	"give": true, "show": true, "explain": true, "describe": true, "find": true,
	"may": true, "must": true, "shall": true, "us": true, "one": true, "get": true,
}
