// Package language turns text into the terms that an index knows it by: words, folded
// and reduced to their stems as their language asks for.
//
// The package is pure and has a closed list of languages. No text makes it fail, and a
// text of one of them that is read as another still finds itself: its words stem alike
// wherever they stand.
package language
