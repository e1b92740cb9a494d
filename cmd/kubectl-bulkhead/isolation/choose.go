package isolation

import (
	"math/rand/v2"
	"slices"
)

// choose takes the named ones first and fills up at random to a number of items,
// 0 for all of them. The order of the result is that of the items.
func choose[T any](items []T, named func(T) bool, most int, random *rand.Rand) []T {
	chosen := make([]bool, len(items))
	left := most
	for i, item := range items {
		if named(item) {
			chosen[i] = true
			left--
		}
	}
	for _, i := range random.Perm(len(items)) {
		if !chosen[i] && (most == 0 || left > 0) {
			chosen[i] = true
			left--
		}
	}
	var out []T
	for i, item := range items {
		if chosen[i] {
			out = append(out, item)
		}
	}
	return slices.Clip(out)
}

// nobody is named.
func nobody[T any](T) bool { return false }
