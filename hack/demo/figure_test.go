package main

import "testing"

func TestKind(t *testing.T) {
	before, after := []string{"upstream/a"}, []string{"images/b", "upstream/a"}
	for _, test := range []struct {
		name string
		s    start
		now  []string
		want string
	}{
		{"nothing had to be built", start{cached: before}, before, "warm"},
		{"something was built", start{cached: before}, after, "cold"},
		{"the cluster was there", start{known: true, cached: before}, after, "rerun"},
	} {
		if got := test.s.kind(test.now); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
