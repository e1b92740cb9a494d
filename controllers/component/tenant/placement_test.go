package tenant

import (
	"testing"

	"k8s.io/utils/ptr"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/controllers/tier"
)

func TestUnsuitable(t *testing.T) {
	for name, c := range map[string]struct {
		spec v1alpha1.CellSpec
		want string
	}{
		"a cell":                {v1alpha1.CellSpec{Database: &v1alpha1.DatabaseSize{}}, ""},
		"a retired cell":        {v1alpha1.CellSpec{Database: &v1alpha1.DatabaseSize{}, Retired: ptr.To(true)}, "is retired"},
		"a cell that is closed": {v1alpha1.CellSpec{Database: &v1alpha1.DatabaseSize{}, Accepting: ptr.To(false)}, "is not accepting"},
		"a runtime only":        {v1alpha1.CellSpec{}, "has no database"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := unsuitable(&v1alpha1.Cell{Spec: c.spec}, tier.Profile{Database: tier.Shared}); got != c.want {
				t.Errorf("%q", got)
			}
		})
	}
}
