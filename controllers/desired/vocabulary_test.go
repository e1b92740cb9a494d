package desired

import (
	"slices"
	"testing"
)

// TestVocabulary: a cell prunes what it makes and may delete, and never what
// holds data, its default deny or the door to another cell's database.
func TestVocabulary(t *testing.T) {
	kept := []string{
		"Namespace", "RoleBinding", "ResourceQuota", "LimitRange", "Secret", "ConfigMap", "ServiceAccount", "Cluster",
	}
	in := input(func(in *CellInput) {
		scaled(in)
		withSnapshots(in)
		withEndpoints(in)
	})
	for _, object := range built(t, in).All() {
		want := !slices.Contains(kept, object.GetKind()) && object.GetName() != nameDefaultDeny
		if got := Prunable(object.GetKind(), object.GetName()); got != want {
			t.Errorf("Prunable(%s %s) = %v", object.GetKind(), object.GetName(), got)
		}
	}
	made, err := DatabaseDoor(DoorInput{ServingCell: "eu-1", TenantID: tenantID})
	if err != nil {
		t.Fatal(err)
	}
	if Prunable(made.GetKind(), made.GetName()) {
		t.Errorf("a cell prunes the door %s", made.GetName())
	}
}
