package isolation

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// What is installed is what is checked and printed.
func TestRightsAreInstalled(t *testing.T) {
	manifest, err := os.ReadFile("../../../config/rbac/user_roles.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range bytes.Split(manifest, []byte("\n---\n")) {
		var role rbacv1.ClusterRole
		if err := yaml.UnmarshalStrict(document, &role); err != nil {
			t.Fatal(err)
		}
		if role.Name == VerifierRole {
			if diff := cmp.Diff(ClusterRole().Rules, role.Rules); diff != "" {
				t.Errorf("the test needs (-), config/rbac gives (+):\n%s", diff)
			}
			return
		}
	}
	t.Errorf("config/rbac has no %s", VerifierRole)
}
