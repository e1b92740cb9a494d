package tenant

import (
	"testing"

	"github.com/google/uuid"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/desired"
	"github.com/bulkhead-dev/bulkhead/runtime/binding"
)

// stored is a Secret of one id whose content speaks of another.
func stored(t *testing.T, name, content uuid.UUID) *Bound {
	t.Helper()
	tenant := &v1alpha1.Tenant{}
	tenant.Name = "acme"
	encoded, err := binding.Encode(desired.Binding(desired.BindingInput{
		Tenant: tenant, ID: content, Database: binding.Database{Cell: true}, TransitMount: "transit",
	}))
	if err != nil {
		t.Fatal(err)
	}
	return bound("eu-1", desired.BindingSecretObject("eu-1", name.String(), "acme", encoded))
}

// TestBoundIsWhoseItsNameSays: whoever can write one Secret cannot make it that
// of another tenant.
func TestBoundIsWhoseItsNameSays(t *testing.T) {
	ours, other := uuid.New(), uuid.New()
	if b := stored(t, ours, ours); b.ID != ours || b.Binding.Version != binding.Version {
		t.Errorf("a sound Binding: %s, version %d", b.ID, b.Binding.Version)
	}
	if b := stored(t, ours, other); b.ID != ours || b.Binding.Version != 0 {
		t.Errorf("one that speaks of another tenant: %s, version %d", b.ID, b.Binding.Version)
	}
}
