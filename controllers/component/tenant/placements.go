package tenant

import "sync"

// Placements are the places that this process has given away. Bindings are
// the record; this covers the moments before a Binding is seen in the cache, so
// that two tenants never take one place, or one identity.
type Placements struct {
	mu sync.Mutex
	by map[string]*claim // by tenant id
}

type claim struct{ tenant, cell string }

// Candidate is a cell that could take a tenant.
type Candidate struct {
	Name     string
	Capacity int
	Ready    bool
	// Bound are the ids that have a Binding in the cell.
	Bound map[string]bool
}

// Claim takes an id for a tenant. When another holds it, its name is returned.
func (p *Placements) Claim(id, tenant string) (holder string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = map[string]*claim{}
	}
	held := p.by[id]
	if held == nil {
		p.by[id] = &claim{tenant: tenant}
		return tenant, true
	}
	return held.tenant, held.tenant == tenant
}

// Place gives the claimed id a place in the best candidate: a Ready one first,
// then the one with the most room in proportion, then by name. It keeps a place
// given before while the cell still is a candidate.
func (p *Placements) Place(id string, candidates []Candidate) (cell string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := p.by[id]
	if held == nil {
		return "", false
	}
	reserved := p.reserved(id, candidates)
	var best *Candidate
	for i, c := range candidates {
		if len(c.Bound)+reserved[c.Name] >= c.Capacity {
			continue
		}
		if c.Name == held.cell {
			return held.cell, true
		}
		if best == nil || better(c, *best, reserved) {
			best = &candidates[i]
		}
	}
	if best == nil {
		return "", false
	}
	held.cell = best.Name
	return held.cell, true
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

// Release gives an id and its place back.
func (p *Placements) Release(id, tenant string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if held := p.by[id]; held != nil && held.tenant == tenant {
		delete(p.by, id)
	}
}

// reserved counts the places given to others that have no Binding yet.
func (p *Placements) reserved(id string, candidates []Candidate) map[string]int {
	bound := map[string]map[string]bool{}
	for _, c := range candidates {
		bound[c.Name] = c.Bound
	}
	count := map[string]int{}
	for other, held := range p.by {
		if other != id && held.cell != "" && !bound[held.cell][other] {
			count[held.cell]++
		}
	}
	return count
}

func better(a, b Candidate, reserved map[string]int) bool {
	if a.Ready != b.Ready {
		return a.Ready
	}
	loadA := (len(a.Bound) + reserved[a.Name]) * b.Capacity
	loadB := (len(b.Bound) + reserved[b.Name]) * a.Capacity
	if loadA != loadB {
		return loadA < loadB
	}
	return a.Name < b.Name
}
