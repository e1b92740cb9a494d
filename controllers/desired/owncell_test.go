package desired

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
)

const tenantID = "5f1c2d3e-0000-4000-8000-000000000001"

func own(profile tier.Profile) OwnCellInput {
	everything := plan("everything", nil, v1alpha1.Endpoint{Name: "models", CIDRs: []string{"203.0.113.0/24"}})
	everything.Spec.Database = &v1alpha1.DatabaseSize{Instances: 2, Storage: ptr.To(resource.MustParse("20Gi"))}
	everything.Spec.Runtime = &v1alpha1.RuntimeSize{Replicas: 3}
	return OwnCellInput{
		Tenant: "acme", ID: tenantID, Profile: profile, Plan: &everything, ServingCell: "eu-1",
		Cluster: &v1alpha1.ClusterReference{KubeconfigSecretRef: &v1alpha1.KubeconfigReference{Name: "acme"}},
	}
}

// TestOwnCell: the cell has what the profile says is the tenant's own, and only that.
func TestOwnCell(t *testing.T) {
	for _, profile := range tier.All() {
		t.Run(string(profile.Name), func(t *testing.T) {
			cell := OwnCell(own(profile))
			if (cell == nil) != profile.OwnsNothing() {
				t.Fatalf("the cell is %v", cell)
			}
			if cell == nil {
				return
			}
			spec := cell.Spec
			for part, c := range map[string]struct {
				owned tier.Ownership
				has   bool
			}{
				"cluster":   {profile.Cluster, spec.Cluster != nil},
				"database":  {profile.Database, spec.Database != nil},
				"runtime":   {profile.Runtime, spec.Runtime != nil},
				"endpoints": {profile.Runtime, len(spec.Endpoints) > 0},
			} {
				if c.has != (c.owned == tier.Own) {
					t.Errorf("%s: has it: %v, owns it: %v", part, c.has, c.owned == tier.Own)
				}
			}
			if served := spec.ServedBy != ""; served == (spec.Runtime != nil) {
				t.Errorf("served by %q, runtime %v", spec.ServedBy, spec.Runtime)
			}
			if spec.TenantID != tenantID || spec.Capacity != 1 || cell.Name != OwnCellName(tenantID) {
				t.Errorf("cell %s of %s with room for %d", cell.Name, spec.TenantID, spec.Capacity)
			}
			golden(t, "owncell-"+strings.ToLower(string(profile.Name)), generic(t, cell))
		})
	}
}

// TestOwnCellSharesNothingWithThePlan: who changes the cell must not change the plan.
func TestOwnCellSharesNothingWithThePlan(t *testing.T) {
	for _, profile := range tier.All() {
		in := own(profile)
		cell := OwnCell(in)
		if cell == nil {
			continue
		}
		if cell.Spec.Database != nil {
			cell.Spec.Database.Storage.Add(resource.MustParse("1Gi"))
		}
		for i := range cell.Spec.Endpoints {
			cell.Spec.Endpoints[i].CIDRs[0] = "changed"
		}
		if cell.Spec.Cluster != nil {
			cell.Spec.Cluster.KubeconfigSecretRef.Name = "changed"
		}
		if diff := cmp.Diff(own(profile), in); diff != "" {
			t.Errorf("%s: -before +after:\n%s", profile.Name, diff)
		}
	}
}

func TestDatabaseDoor(t *testing.T) {
	made, err := DatabaseDoor(DoorInput{ServingCell: "eu-1", TenantID: tenantID})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "door", made)
}
