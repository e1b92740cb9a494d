// Package rollout rolls a change of a Plan through its tenants. A change goes in
// waves, in an order that follows from the tenants' ids, so that a Plan's status
// is as small for ten thousand tenants as for one, and says all that is needed to
// go on after a restart.
package rollout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
)

// Everyone is a place after which no tenant is: all are admitted.
const Everyone = "ffffffffffffffff"

// Revision identifies what a Plan gives to its tenants. How a change is rolled
// out, and for how long the data of a deleted tenant is kept, is no part of it. A version of the operator that computes another revision
// from an unchanged Plan rolls out nothing new, wave by wave, at the price of a
// status write a tenant: a new field must be left out of the JSON when it is not set.
func Revision(spec v1alpha1.PlanSpec) string {
	spec.Rollout, spec.RetentionDays = nil, 0
	data, err := json.Marshal(spec)
	if err != nil { // a spec came out of JSON
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// Place is where a tenant stands in the order of a revision's waves. Each
// revision has an order of its own: the first to get a change are not always the same.
func Place(revision, tenantID string) string {
	sum := sha256.Sum256([]byte(revision + "/" + tenantID))
	return hex.EncodeToString(sum[:8])
}

// Admission says how far the waves of a Plan's current content have come.
type Admission struct {
	// Revision of the Plan's current content.
	Revision string

	until string // the last place that is admitted; empty: nobody is
}

// AdmissionOf reads an Admission out of a Plan.
func AdmissionOf(plan *v1alpha1.Plan) Admission {
	a := Admission{Revision: Revision(plan.Spec)}
	if plan.Status.Revision == a.Revision {
		a.until = plan.Status.Admitted
	}
	return a
}

// Admits reports whether the waves have reached a tenant that has had other content.
func (a Admission) Admits(tenantID string) bool {
	return Place(a.Revision, tenantID) <= a.until
}
