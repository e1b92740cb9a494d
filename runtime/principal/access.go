package principal

import "slices"

// Access says whose something is and for whom. The zero Access is the tenant's and for
// nobody but who has scope Admin.
type Access struct {
	Owner      string   `json:"owner,omitempty"` // a user; empty: the tenant
	Principals []string `json:"principals"`      // that may read it, its owner aside
}

// Usual is what is nobody's but an owner's, or the tenant's and everyone's.
func Usual(owner string) Access {
	if owner == "" {
		return Access{Principals: []string{Everyone}}
	}
	return Access{Owner: owner, Principals: []string{}}
}

// Readers are all principals that may read it, in order; Everyone stands for all.
func (a Access) Readers() []string {
	if slices.Contains(a.Principals, Everyone) {
		return []string{Everyone}
	}
	all := slices.Clone(a.Principals)
	if a.Owner != "" {
		all = append(all, User(a.Owner))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Sees reports whether the caller may know of it.
func (c Caller) Sees(a Access) bool {
	if c.May(Admin) || c.owns(a) || slices.Contains(a.Principals, Everyone) {
		return true
	}
	return slices.ContainsFunc(c.Principals(), func(p string) bool { return slices.Contains(a.Principals, p) })
}

// Changes reports whether the caller may change, replace and delete it.
func (c Caller) Changes(a Access) bool { return c.May(Admin) || c.May(Write) && c.owns(a) }

func (c Caller) owns(a Access) bool { return c.User != "" && c.User == a.Owner }
