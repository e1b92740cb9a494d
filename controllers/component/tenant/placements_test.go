package tenant

import (
	"fmt"
	"sync"
	"testing"
)

// TestPlacementsNeverOverbook: many tenants at once, before any Binding is
// seen, take exactly the places there are, evenly.
func TestPlacementsNeverOverbook(t *testing.T) {
	var p Placements
	candidates := []Candidate{{Name: "a", Capacity: 10, Ready: true}, {Name: "b", Capacity: 30, Ready: true}}
	var mu sync.Mutex
	got := map[string]int{}
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			id := fmt.Sprintf("id-%d", i)
			p.Claim(id, id)
			cell, ok := p.Place(id, candidates)
			mu.Lock()
			defer mu.Unlock()
			if ok {
				got[cell]++
			} else {
				got["none"]++
			}
		})
	}
	all.Wait()
	if got["a"] != 10 || got["b"] != 30 || got["none"] != 20 {
		t.Errorf("placed %v", got)
	}
}

func TestPlacements(t *testing.T) {
	var p Placements
	if _, ok := p.Claim("1", "acme"); !ok {
		t.Fatal("a free id was refused")
	}
	if holder, ok := p.Claim("1", "globex"); ok || holder != "acme" {
		t.Fatalf("a held id was given to another, holder %s", holder)
	}
	if cell, _ := p.Place("1", []Candidate{{Name: "new", Capacity: 5}, {Name: "ready", Capacity: 1, Ready: true}}); cell != "ready" {
		t.Errorf("placed in %s, want the Ready cell", cell)
	}
	if cell, _ := p.Place("1", []Candidate{{Name: "empty", Capacity: 50, Ready: true}, {Name: "ready", Capacity: 1, Ready: true}}); cell != "ready" {
		t.Errorf("moved to %s, want to stay", cell)
	}
	p.Release("1", "globex")
	if p.CellOf("1") != "ready" {
		t.Error("another tenant released the place")
	}
	p.Release("1", "acme")
	if _, ok := p.Claim("1", "globex"); !ok {
		t.Error("a released id is still held")
	}
}
