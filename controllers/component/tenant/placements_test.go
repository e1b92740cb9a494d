package tenant

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
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
	p.Release("globex")
	if p.CellOf("1") != "ready" {
		t.Error("another tenant released the place")
	}
	p.Release("acme")
	if _, ok := p.Claim("1", "globex"); !ok {
		t.Error("a released id is still held")
	}
}

// TestATenantHoldsOneID: the id of before, and its place, are others' to take.
func TestATenantHoldsOneID(t *testing.T) {
	var p Placements
	one := []Candidate{{Name: "a", Capacity: 1}}
	p.Claim("1", "acme")
	p.Place("1", one)
	p.Claim("2", "acme")
	if holder, ok := p.Claim("1", "globex"); !ok {
		t.Errorf("%s still holds the id that it gave up", holder)
	}
	if _, ok := p.Place("1", one); !ok {
		t.Error("the place of an id that was given up is taken")
	}
	p.Release("acme")
	if holder, ok := p.Claim("2", "initech"); !ok {
		t.Errorf("%s still holds the id that it had last", holder)
	}
}

// see tells of a Binding that appeared, or is gone.
func see(p *Placements, cell, id string, present bool) {
	p.Seen(desired.RuntimeNamespace(cell), keyOfID(id), present)
}

// TestPlacementsCountBindingsOnce: a place is taken by a claim, by a Binding or by
// both, and free when both are gone.
func TestPlacementsCountBindingsOnce(t *testing.T) {
	var p Placements
	one := []Candidate{{Name: "a", Capacity: 1}}
	full := func(when string, want bool) {
		t.Helper()
		p.Claim("other", "other")
		defer p.Release("other")
		if _, ok := p.Place("other", one); ok == want {
			t.Errorf("%s: another is placed: %v", when, ok)
		}
	}
	full("at first", false)
	p.Claim("1", "acme")
	p.Place("1", one)
	full("claimed", true)
	see(&p, "a", "1", true)
	full("claimed and bound", true)
	see(&p, "a", "1", false)
	full("claimed, its Binding deleted by hand", true)
	see(&p, "a", "1", true)
	p.Release("acme")
	full("retained: bound, and claimed by nobody", true)
	see(&p, "a", "1", false)
	full("gone", false)
	p.Seen(desired.RuntimeNamespace("a"), keyOfName("acme"), true)
	full("named only", false)
}

// TestPlacementsAtRandom: whatever happens in whatever order, no cell is ever
// given more tenants than it has room for, a place that was given is kept, and
// the counts are those that counting anew gives.
func TestPlacementsAtRandom(t *testing.T) {
	for seed := range uint64(200) {
		w := &placing{t: t, random: rand.New(rand.NewPCG(seed, 7)), bound: map[string]map[string]bool{"a": {}, "b": {}, "c": {}}, given: map[string]string{}}
		for range 400 {
			w.step()
			w.check()
		}
	}
}

// placing is a random history, and what must follow from it.
type placing struct {
	Placements

	t      *testing.T
	random *rand.Rand
	bound  map[string]map[string]bool // ids by cell
	given  map[string]string          // cell by id
}

var rooms = []Candidate{{Name: "a", Capacity: 3, Ready: true}, {Name: "b", Capacity: 5, Ready: true}, {Name: "c", Capacity: 2}}

func (w *placing) step() {
	id := fmt.Sprint(w.random.IntN(14))
	switch w.random.IntN(5) {
	case 0, 1:
		w.Claim(id, id)
		cell, ok := w.Place(id, rooms)
		if kept := w.given[id]; kept != "" && (!ok || cell != kept) {
			w.t.Fatalf("%s lost its place in %s: %s, %v", id, kept, cell, ok)
		}
		if ok {
			w.given[id] = cell
		}
	case 2: // its Binding is seen where it was placed
		if cell := w.given[id]; cell != "" && !w.bound[cell][id] {
			w.bound[cell][id] = true
			see(&w.Placements, cell, id, true)
		}
	case 3: // somebody deletes one
		for cell, ids := range w.bound {
			if ids[id] {
				delete(ids, id)
				see(&w.Placements, cell, id, false)
			}
		}
	case 4: // the tenant is deleted, and its Binding stays
		w.Release(id)
		if cell := w.given[id]; cell != "" && !w.bound[cell][id] {
			delete(w.given, id)
		} else if cell != "" {
			w.Claim(id, id)
			w.Place(id, []Candidate{{Name: cell, Capacity: 1 << 20}}) // and comes back to it
		}
	}
}

func (w *placing) check() {
	for _, c := range rooms {
		users := map[string]bool{}
		for id := range w.bound[c.Name] {
			users[id] = true
		}
		for id, cell := range w.given {
			if cell == c.Name {
				users[id] = true
			}
		}
		if w.taken(c.Name) != len(users) {
			w.t.Fatalf("%s: %d places are counted, %d are taken", c.Name, w.taken(c.Name), len(users))
		}
		if len(users) > c.Capacity {
			w.t.Fatalf("%s has room for %d and was given to %d", c.Name, c.Capacity, len(users))
		}
	}
}

// TestPlacementsUnderRace: the same from many goroutines at once.
func TestPlacementsUnderRace(t *testing.T) {
	var p Placements
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 3))
			for i := range 500 {
				id := fmt.Sprintf("%d-%d", worker, i)
				p.Claim(id, id)
				cell, ok := p.Place(id, rooms)
				if !ok {
					p.Release(id)
					continue
				}
				see(&p, cell, id, true)
				p.mu.Lock()
				for _, c := range rooms {
					if taken := p.taken(c.Name); taken > c.Capacity {
						t.Errorf("%s has room for %d and %d are taken", c.Name, c.Capacity, taken)
					}
				}
				p.mu.Unlock()
				if random.IntN(2) == 0 {
					p.Release(id)
					see(&p, cell, id, false)
				} else {
					see(&p, cell, id, false)
					p.Release(id)
				}
			}
		})
	}
	all.Wait()
	for _, c := range rooms {
		if taken := p.taken(c.Name); taken != 0 {
			t.Errorf("%s: %d places are still taken", c.Name, taken)
		}
	}
}
