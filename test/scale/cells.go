package scale

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/bulkhead-dev/bulkhead/api/v1alpha1"
	"github.com/bulkhead-dev/bulkhead/test/understudy"
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
func readyCells(ctx context.Context, c client.Client, names []string, ca string) error {
	cells, ctx := errgroup.WithContext(ctx)
	cells.SetLimit(atOnce)
	for _, name := range names {
		cells.Go(func() error {
			for {
				ready, err := readyCell(ctx, c, name, ca)
				if err != nil {
					return fmt.Errorf("cell %s: %w", name, err)
				}
				if ready {
					return nil
				}
				if err := pause(ctx, 50*time.Millisecond); err != nil {
					return fmt.Errorf("cell %s is not Ready: %w", name, err)
				}
			}
		})
	}
	return cells.Wait()
}

func readyCell(ctx context.Context, c client.Client, name, ca string) (bool, error) {
	if err := errors.Join(
		understudy.Quotas(ctx, c, name),
		understudy.Database(ctx, c, name, ca),
		understudy.Migrations(ctx, c, name, false),
		understudy.Deployment(ctx, c, name, podNames...),
	); err != nil {
		return false, err
	}
	var cell v1alpha1.Cell
	err := c.Get(ctx, client.ObjectKey{Name: name}, &cell)
	return meta.IsStatusConditionTrue(cell.Status.Conditions, v1alpha1.ConditionReady), err
}
