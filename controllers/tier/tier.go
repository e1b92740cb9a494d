// Package tier says, as data, what each isolation tier owns. Builders read a
// Profile's fields and never its name, so that adding a tier is one file here,
// one entry of All and one word of the CRD's enum.
package tier

import "github.com/bulkhead-dev/bulkhead/api/v1alpha1"

// Ownership says whether a part is the tenant's own. Own isolates more.
type Ownership int

// The degrees of ownership, weakest first.
const (
	Shared Ownership = iota
	Own
)

// Profile is what a tier owns.
type Profile struct {
	Name v1alpha1.Tier
	// DefaultPlan names the Plan of a tenant that names none.
	DefaultPlan                string
	Cluster, Database, Runtime Ownership
}

// All returns the profiles, weakest first.
func All() []Profile {
	return []Profile{shared(), dedicatedDatabase(), dedicatedPods(), dedicatedCluster()}
}

// Of returns the profile of a tier; ok is false for a tier that this version
// does not know.
func Of(name v1alpha1.Tier) (profile Profile, ok bool) {
	for _, p := range All() {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}

// OwnsNothing reports whether a cell that others share can serve the tier whole.
func (p Profile) OwnsNothing() bool {
	return p.Cluster == Shared && p.Database == Shared && p.Runtime == Shared
}
