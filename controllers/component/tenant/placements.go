package tenant

import (
	"strings"
	"sync"

	"github.com/bulkhead-dev/bulkhead/controllers/desired"
)

// Placements are the places that this process has given away, and those that are
// taken. Bindings are the record; claims cover the moments before a Binding is
// seen in the cache, so that two tenants never take one place, or one identity.
// Every call costs the same, however many tenants there are.
type Placements struct {
	mu    sync.Mutex
	by    map[string]*claim      // by tenant id
	ids   map[string]string      // by tenant: the one id that it holds
	cells map[string]*occupation // by cell
}

type claim struct{ tenant, cell string }

// occupation is who has a place in a cell.
type occupation struct {
	bound    map[string]bool // the ids that have a Binding there
	reserved int             // how many were given a place and have no Binding there
}

// Candidate is a cell that could take a tenant.
type Candidate struct {
	Name     string
	Capacity int
	Ready    bool
}

// Seen follows the Bindings in the hub's namespaces: what nscache.Options.Seen
// is told.
func (p *Placements) Seen(namespace, key string, present bool) {
	id, isID := strings.CutPrefix(key, prefixID)
	if !isID {
		return
	}
	cell := strings.TrimPrefix(namespace, desired.RuntimeNamespace(""))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reserve(id, -1)
	if o := p.occupation(cell); present {
		o.bound[id] = true
	} else {
		delete(o.bound, id)
	}
	p.reserve(id, 1)
}

// Claim takes an id for a tenant, which gives back another that it held. When
// somebody else holds the id, its name is returned.
func (p *Placements) Claim(id, tenant string) (holder string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if held := p.by[id]; held != nil {
		return held.tenant, held.tenant == tenant
	}
	if p.by == nil {
		p.by, p.ids = map[string]*claim{}, map[string]string{}
	}
	p.release(tenant)
	p.by[id], p.ids[tenant] = &claim{tenant: tenant}, id
	return tenant, true
}

// Place gives the claimed id a place in the best candidate: a Ready one first,
// then the one with the most room in proportion, then by name. It keeps a place
// given before while the cell still is a candidate with room, and one where the
// id has a Binding in any case.
func (p *Placements) Place(id string, candidates []Candidate) (cell string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := p.by[id]
	if held == nil {
		return "", false
	}
	p.reserve(id, -1)
	if best := p.best(id, held.cell, candidates); best != "" {
		held.cell, cell, ok = best, best, true
	}
	p.reserve(id, 1)
	return cell, ok
}

// best is the candidate to prefer, "" when none has room.
func (p *Placements) best(id, kept string, candidates []Candidate) string {
	var best *Candidate
	for i, c := range candidates {
		if p.occupation(c.Name).bound[id] {
			return c.Name
		}
		if p.taken(c.Name) >= c.Capacity {
			continue
		}
		if best == nil || c.Name == kept || best.Name != kept && p.better(c, *best) {
			best = &candidates[i]
		}
	}
	if best == nil {
		return ""
	}
	return best.Name
}

func (p *Placements) better(a, b Candidate) bool {
	if a.Ready != b.Ready {
		return a.Ready
	}
	loadA, loadB := p.taken(a.Name)*b.Capacity, p.taken(b.Name)*a.Capacity
	if loadA != loadB {
		return loadA < loadB
	}
	return a.Name < b.Name
}

// CellOf returns the place that an id was given by this process, if any.
func (p *Placements) CellOf(id string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if held := p.by[id]; held != nil {
		return held.cell
	}
	return ""
}

// Release gives back what a tenant holds: an id, and its place.
func (p *Placements) Release(tenant string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release(tenant)
}

func (p *Placements) release(tenant string) {
	id, ok := p.ids[tenant]
	if !ok {
		return
	}
	p.reserve(id, -1)
	delete(p.by, id)
	delete(p.ids, tenant)
}

// taken is how many places of a cell are not free.
func (p *Placements) taken(cell string) int {
	o := p.occupation(cell)
	return len(o.bound) + o.reserved
}

// reserve counts, or with -1 no longer counts, the place that an id was given
// where it has no Binding.
func (p *Placements) reserve(id string, n int) {
	held := p.by[id]
	if held == nil || held.cell == "" {
		return
	}
	if o := p.occupation(held.cell); !o.bound[id] {
		o.reserved += n
	}
}

func (p *Placements) occupation(cell string) *occupation {
	o := p.cells[cell]
	if o == nil {
		o = &occupation{bound: map[string]bool{}}
		if p.cells == nil {
			p.cells = map[string]*occupation{}
		}
		p.cells[cell] = o
	}
	return o
}
