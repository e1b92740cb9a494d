package scale

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/test/world"
)

// capacity of each cell; config/samples has the same.
const capacity = 500

// spare is room for the tenants that come after the first ones.
const spare = 10

func cellNames(tenants int) []string {
	var names []string
	for i := range (tenants + spare + capacity - 1) / capacity {
		names = append(names, fmt.Sprintf("bench-%02d", i))
	}
	return names
}

func createCells(ctx context.Context, c client.Client, names []string) error {
	for _, name := range names {
		if err := c.Create(ctx, &v1alpha1.Cell{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: v1alpha1.CellSpec{
				Capacity: capacity,
				Database: &v1alpha1.DatabaseSize{Storage: ptr.To(resource.MustParse("10Gi"))},
				Runtime:  &v1alpha1.RuntimeSize{Replicas: int32(len(podNames))},
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

// readyCells plays CloudNativePG, the controllers of quotas, Jobs and Deployments
// and the kubelet until all cells are Ready.
func readyCells(ctx context.Context, c client.Client, names []string) error {
	for _, name := range names {
		for {
			ready, err := readyCell(ctx, c, name)
			if err != nil {
				return fmt.Errorf("cell %s: %w", name, err)
			}
			if ready {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("cell %s is not Ready: %w", name, context.Cause(ctx))
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return nil
}

func readyCell(ctx context.Context, c client.Client, name string) (bool, error) {
	if err := errors.Join(
		world.Quotas(ctx, c, name),
		world.Database(ctx, c, name),
		world.Migrations(ctx, c, name, false),
		world.Deployment(ctx, c, name, podNames...),
	); err != nil {
		return false, err
	}
	var cell v1alpha1.Cell
	err := c.Get(ctx, client.ObjectKey{Name: name}, &cell)
	return meta.IsStatusConditionTrue(cell.Status.Conditions, v1alpha1.ConditionReady), err
}
