package desired

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/util/validation"
)

// FuzzNames: every name derived from what the API accepts is a DNS label, and
// different cells and tenants never derive the same one.
func FuzzNames(f *testing.F) {
	f.Add("acme", "eu-1", "5f1c2d3e-0000-4000-8000-000000000001", "r@sha256:0", "models", "starter")
	f.Add(strings.Repeat("a", 40), strings.Repeat("z", 40), uuid.Nil.String(), "", strings.Repeat("é", 63), strings.Repeat("p", 63))
	f.Add("a", "a", uuid.Max.String(), "", "-", "a.b")
	f.Fuzz(func(t *testing.T, tenant, cell, id, image, endpoint, plan string) {
		if !accepted(tenant) || !acceptedCell(cell) || uuid.Validate(id) != nil || len(id) != 36 {
			t.Skip("the API refuses it")
		}
		id = strings.ToLower(id)
		for _, name := range []string{
			RuntimeNamespace(cell), DatabaseNamespace(cell), MigrationJob(image, id), BindingSecret(id), Route(id), KeyName(id), VaultRole(id), CredentialSecret(tenant),
			RuntimeNamespace(OwnCellName(id)), DatabaseNamespace(OwnCellName(id)), door(id), endpointWall(endpoint), planWall(plan),
		} {
			if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
				t.Errorf("%q: %v", name, problems)
			}
		}
		if host := DatabaseHost(cell); len(validation.IsDNS1123Subdomain(host)) > 0 || len(host) > 253 {
			t.Errorf("host %q", host)
		}
	})
}

func accepted(name string) bool {
	return len(name) <= 40 && len(validation.IsDNS1035Label(name)) == 0
}

// acceptedCell is the CEL rule of the Cell's name.
func acceptedCell(name string) bool {
	return accepted(name) && !strings.HasSuffix(name, "-db") && name != "system" && name != "credentials" && name != "clusters" && name != "models"
}

func TestNamespacesAreApart(t *testing.T) {
	owner := map[string]string{SystemNamespace: "the operator", CredentialsNamespace: "the credentials", ClustersNamespace: "the clusters", ModelsNamespace: "the models"}
	for _, cell := range []string{"a", "a-d", "d", "db", "a-b", "eu-1", "systems", "credential", "cluster", "model", OwnCellName(tenantID)} {
		if !acceptedCell(cell) {
			t.Fatalf("%s is no cell's name", cell)
		}
		for _, namespace := range []string{RuntimeNamespace(cell), DatabaseNamespace(cell)} {
			if other, taken := owner[namespace]; taken {
				t.Errorf("%s and %s share the namespace %s", cell, other, namespace)
			}
			owner[namespace] = cell
		}
	}
}

// TestWallsOfChosenNamesAreApart: what people call endpoints and plans never
// makes one wall replace another.
func TestWallsOfChosenNamesAreApart(t *testing.T) {
	long := strings.Repeat("a", 63)
	names := []string{"a", "A", "-a", "a-", "a.b", "a b", long, long[1:] + "b", strings.TrimPrefix(endpointWall(long), prefixEndpoint)}
	for _, wallOf := range []func(string) string{endpointWall, planWall} {
		owner := map[string]string{}
		for _, name := range names {
			if other, taken := owner[wallOf(name)]; taken {
				t.Errorf("%q and %q share %s", name, other, wallOf(name))
			}
			owner[wallOf(name)] = name
		}
	}
}
