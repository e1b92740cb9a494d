package isolation

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestChoose(t *testing.T) {
	items := []string{"a", "b", "c", "d", "e"}
	with := func(most int, seed uint64, names ...string) []string {
		return choose(items, func(s string) bool { return slices.Contains(names, s) }, most, rand.New(rand.NewPCG(seed, 0)))
	}
	for seed := range uint64(100) {
		got := with(3, seed, "d")
		if len(got) != 3 || !slices.Contains(got, "d") || !slices.IsSorted(got) {
			t.Errorf("seed %d: chose %v, expected three of them, in order, with d", seed, got)
		}
		if !slices.Equal(got, with(3, seed, "d")) {
			t.Errorf("seed %d: another choice the second time", seed)
		}
	}
	for name, c := range map[string]struct{ got, expected []string }{
		"no bound":                     {with(0, 1), items},
		"more room than there are":     {with(9, 1), items},
		"all of it named":              {with(2, 1, "b", "d"), []string{"b", "d"}},
		"more named than there's room": {with(1, 1, "b", "d"), []string{"b", "d"}},
	} {
		if !slices.Equal(c.got, c.expected) {
			t.Errorf("%s: chose %v, expected %v", name, c.got, c.expected)
		}
	}
}
