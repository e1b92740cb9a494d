package principal

import "slices"

// Caller is who asks, inside of a tenant.
type Caller struct {
	User   string // empty: nobody in particular, which needs scope Admin
	Groups []string
	Scope  Scope
}

// Tenant is the caller with a key that the operator gave the tenant.
func Tenant() Caller { return Caller{Scope: Admin} }

// May reports whether the caller has a scope.
func (c Caller) May(s Scope) bool { return c.Scope >= s }

// Principals are all that the caller is, but for Everyone, in order and once.
func (c Caller) Principals() []string {
	var all []string
	if c.User != "" {
		all = append(all, User(c.User))
	}
	for _, g := range c.Groups {
		all = append(all, Group(g))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
