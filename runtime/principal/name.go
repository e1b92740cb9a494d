package principal

import (
	"strings"
	"unicode/utf8"
)

const (
	// MaxName is the longest name of a user or a group, in bytes.
	MaxName = 128
	// MaxGroups is how many groups a caller may be in, and how many principals a
	// document may name.
	MaxGroups = 64
)

// Alphabet describes names to people.
const Alphabet = "1 to 128 ASCII letters, digits and any of . _ - @ + : / | ="

const punctuation = "._-@+:/|="

// ValidName reports whether a user or a group may have a name.
func ValidName(name string) bool {
	return name != "" && len(name) <= MaxName && !strings.ContainsFunc(name, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return r >= utf8.RuneSelf || !letter && !strings.ContainsRune(punctuation, r)
	})
}

// Everyone is the principal of all who have a key of the tenant.
const Everyone = "everyone"

const (
	userPrefix  = "user:"
	groupPrefix = "group:"
)

// User is the principal of a user.
func User(name string) string { return userPrefix + name }

// Group is the principal of a group.
func Group(name string) string { return groupPrefix + name }

// Valid reports whether text is a principal.
func Valid(text string) bool {
	if text == Everyone {
		return true
	}
	name, is := strings.CutPrefix(text, userPrefix)
	if !is {
		name, is = strings.CutPrefix(text, groupPrefix)
	}
	return is && ValidName(name)
}
