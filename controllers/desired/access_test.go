package desired

import (
	"os"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/yaml"
)

// TestManagerMayWhatBuildersAsk: the role by which the operator works inside a
// cell has the verbs for every kind that is built there, and delete for those
// that are pruned and for no other.
func TestManagerMayWhatBuildersAsk(t *testing.T) {
	data, err := os.ReadFile("../../config/rbac/cells/cell_manager_role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var role rbacv1.ClusterRole
	if err := yaml.UnmarshalStrict(data, &role); err != nil {
		t.Fatal(err)
	}
	may := func(group, resource, verb string) bool {
		return slices.ContainsFunc(role.Rules, func(r rbacv1.PolicyRule) bool {
			return slices.Contains(r.APIGroups, group) && slices.Contains(r.Resources, resource) && slices.Contains(r.Verbs, verb)
		})
	}
	in := input(func(in *CellInput) {
		scaled(in)
		withSnapshots(in)
		withEndpoints(in)
	})
	for _, object := range built(t, in).All() {
		if object.GetNamespace() == "" {
			continue // bulkhead-manager has the rights over namespaces
		}
		resource, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
		for _, verb := range []string{"get", "list", "watch", "create", "patch"} {
			if !may(resource.Group, resource.Resource, verb) {
				t.Errorf("the operator may not %s %s", verb, resource.GroupResource())
			}
		}
		pruned := Prunable(object.GetKind(), object.GetName()) || object.GetKind() == "NetworkPolicy"
		if may(resource.Group, resource.Resource, "delete") != pruned {
			t.Errorf("delete %s: pruned is %v", resource.GroupResource(), pruned)
		}
	}
	if verbs := []string{"*", "bind", "escalate", "impersonate", "deletecollection"}; slices.ContainsFunc(role.Rules, func(r rbacv1.PolicyRule) bool {
		return slices.Contains(r.Resources, "*") || slices.Contains(r.APIGroups, "*") || slices.ContainsFunc(verbs, func(v string) bool { return slices.Contains(r.Verbs, v) })
	}) {
		t.Errorf("the role has one of %v, or everything", verbs)
	}
}
