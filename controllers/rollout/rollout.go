// Package rollout says, from a Plan alone, which tenants may take up its current
// content. A change goes through a plan's tenants in waves, in an order that
// follows from their ids, so that a Plan's status is as small for ten thousand
// tenants as for one.
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
// out is no part of it.
func Revision(spec v1alpha1.PlanSpec) string {
	spec.Rollout = nil
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

// Admits reports whether the waves of a Plan's current content have reached a
// tenant that has had other content.
func Admits(plan *v1alpha1.Plan, tenantID string) bool {
	revision := Revision(plan.Spec)
	return plan.Status.Revision == revision && Place(revision, tenantID) <= plan.Status.Admitted
}
